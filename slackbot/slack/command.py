"""What may be typed after the slash command, and the same as a button's action id."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from slackbot.domain.credentials import holds_secret

ARGUMENT_LIMIT: Final = 200


class Name(StrEnum):
    """The commands; `OVERVIEW` is the slash command alone."""

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
    """One thing a person asks for, however they asked."""

    name: Name
    argument: str = ""

    @property
    def text(self) -> str:
        """How it is typed after the slash command."""
        return f"{self.name.value} {self.argument}".strip()

    @property
    def action(self) -> str:
        """The action id of a button that does it."""
        return f"{self.name.value or 'overview'}:{self.argument}"


@dataclass(frozen=True, slots=True)
class Unknown:
    """No such command; `nearest` is the closest one, or empty."""

    word: str
    nearest: str


class SecretTyped:
    """The text seems to hold a token: refuse it, keep nothing, repeat nothing."""


def parse(text: str) -> Command | Unknown | SecretTyped:
    """Read what was typed after the slash command. Total: any text gives one of the three."""
    if holds_secret(text):
        return SecretTyped()
    words = text.split()
    if not words:
        return Command(Name.OVERVIEW)
    word, argument = words[0].casefold(), " ".join(words[1:])[:ARGUMENT_LIMIT]
    name = _KNOWN.get(word)
    if name is Name.CONNECT and argument:
        return SecretTyped()  # nothing else is ever put there
    if name is not None:
        return Command(name, argument)
    nearest = difflib.get_close_matches(word[:50], _KNOWN, n=1)
    return Unknown(words[0], nearest[0] if nearest else "")


def from_action(action_id: str) -> Command | None:
    """The command of a button, or None for buttons that are none (links, the connect prompt).

    None of ours holds a secret, and what holds one is not to be repeated.
    """
    name, _, argument = action_id.partition(":")
    if name == "overview":
        return Command(Name.OVERVIEW)
    known = _KNOWN.get(name)
    if known is None or holds_secret(argument):
        return None
    return Command(known, argument[:ARGUMENT_LIMIT])
