"""The commands, which are typed after the slash command or sent by a button."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from slackbot.domain.credentials import holds_secret

# Maximum characters of an argument. Longer arguments are truncated.
ARGUMENT_LIMIT: Final = 200


class Name(StrEnum):
    """The names of the commands. `OVERVIEW` is the slash command without arguments."""

    OVERVIEW = ""
    HELP = "help"
    CONNECT = "connect"
    DISCONNECT = "disconnect"
    STATUS = "status"
    SESSIONS = "sessions"
    JOIN = "join"
    AVAILABLE = "available"
    PAUSE = "pause"
    MATCHES = "matches"


ALIASES: Final = {
    "logout": Name.DISCONNECT,
    "signout": Name.DISCONNECT,
    "unlink": Name.DISCONNECT,
    "ready": Name.AVAILABLE,
    "stop": Name.PAUSE,
    "leave": Name.PAUSE,
}
_KNOWN: Final = {name.value: name for name in Name if name.value} | ALIASES


@dataclass(frozen=True, slots=True)
class Command:
    """A command that a person typed or ran with a button."""

    name: Name
    argument: str = ""

    @property
    def text(self) -> str:
        """The command as typed after the slash command."""
        return f"{self.name.value} {self.argument}".strip()

    @property
    def action(self) -> str:
        """The action id of a button for this command."""
        return f"{self.name.value or 'overview'}:{self.argument}"


@dataclass(frozen=True, slots=True)
class Unknown:
    """A word that is not a command. `nearest` is the closest command, or empty."""

    word: str
    nearest: str


class SecretTyped:
    """Text that seems to contain a token. It is rejected, and never stored or repeated."""


def parse(text: str) -> Command | Unknown | SecretTyped:
    """Parse the text after the slash command. This function never raises an error."""
    if holds_secret(text):
        return SecretTyped()
    words = text.split()
    if not words:
        return Command(Name.OVERVIEW)
    word, argument = words[0].casefold(), " ".join(words[1:])[:ARGUMENT_LIMIT]
    name = _KNOWN.get(word)
    if name is Name.CONNECT and argument:
        return SecretTyped()  # any argument is probably a token
    if name is not None:
        return Command(name, argument)
    nearest = difflib.get_close_matches(word[:50], _KNOWN, n=1)
    return Unknown(words[0], nearest[0] if nearest else "")


def from_action(action_id: str) -> Command | None:
    """Return a button's command, or None for other buttons, such as links.

    Also return None if the argument contains a secret. The bot does not create such buttons, and
    the secret must not be repeated.
    """
    name, _, argument = action_id.partition(":")
    if name == "overview":
        return Command(Name.OVERVIEW)
    known = _KNOWN.get(name)
    if known is None or holds_secret(argument):
        return None
    return Command(known, argument[:ARGUMENT_LIMIT])
