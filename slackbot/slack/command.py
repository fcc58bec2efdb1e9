"""The commands, which are typed after the slash command or sent by a button."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from slackbot.domain.credentials import holds_secret
from slackbot.domain.sessions import session_number
from slackbot.domain.text import POLITE, clean, fold, without_words

# Maximum characters of an argument. Longer arguments are truncated.
ARGUMENT_LIMIT: Final = 200
# Words of the longest command that is more than one word, such as `I am not available`.
PHRASE_LIMIT: Final = 4
# Similarity, from 0 to 1, from which on a word is taken for a misspelt one.
SIMILAR: Final = 0.75
# Two words are equally similar within this distance.
SIMILAR_MARGIN: Final = 0.12


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


# The first word of the argument of the button that disconnects, before the event. If it is typed,
# it is ignored, and the command asks first.
CONFIRMED: Final = "confirmed"
# Other words for a command, in the form of `_key`: folded, without spaces and apostrophes.
_OTHER_WORDS: Final = {
    Name.HELP: "h hello hi hey commands usage info about start",
    Name.CONNECT: "link login signin logon signon signup register auth authenticate authorize "
    "reconnect relink",
    Name.DISCONNECT: "logout signout unlink logoff signoff deleteme forgetme eraseme",
    Name.STATUS: "me whoami state",
    Name.SESSIONS: "list session agenda schedule program programme today tomorrow live upcoming "
    "past mine",
    Name.JOIN: "enter attend",
    Name.AVAILABLE: "ready imavailable iamavailable imready iamready matchme imfree iamfree "
    "imback iamback resume unpause optin",
    Name.PAUSE: "stop leave unavailable notavailable imunavailable iamunavailable imnotavailable "
    "notready unready away imaway afk brb busy imbusy iambusy iamaway iamnotavailable "
    "iamnotready imnotready iamnotfree imnotfree break snooze mute quit exit optout unsubscribe "
    "unjoin",
    Name.MATCHES: "history contacts people met",
}
ALIASES: Final = {word: name for name, words in _OTHER_WORDS.items() for word in words.split()}
# These words are the list's argument as well.
_FILTERS: Final = frozenset({"today", "tomorrow", "live", "upcoming", "past", "mine"})
# With a session, these words join it.
_REGISTER: Final = frozenset({"register", "signup"})
# Words after `connect` that name no event.
CONNECT_FILLERS: Final = POLITE | frozenset({
    "me", "us", "my", "account", "to", "with", "from", "the", "a", "in", "on", "here",
    "it", "this", "accelevents", "event", "slack", "bot", "app",
})  # fmt: skip
# Buttons say the name itself.
_BUTTONS: Final = {name.value: name for name in Name if name.value}
_KNOWN: Final = _BUTTONS | ALIASES
# Commands of opposite sense: a word that is close to both is taken for neither.
_OPPOSITES: Final = (
    frozenset({Name.AVAILABLE, Name.JOIN, Name.CONNECT}),
    frozenset({Name.PAUSE, Name.DISCONNECT}),
)
_CONFIRMED_TYPED: Final = re.compile(rf"(?:{CONFIRMED}(?: |$))+", re.IGNORECASE)
_FOR: Final = re.compile(r"for ", re.IGNORECASE)
_NEGATIONS: Final = ("un", "non", "not", "no", "dis", "de", "in")


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
    """A word that is not a command. `nearest` is the command that was probably meant, or empty."""

    word: str
    nearest: str


@dataclass(frozen=True, slots=True)
class SecretTyped:
    """Text that seems to contain a token. It is rejected, and never stored or repeated.

    If a session has the text as its title, it is the command `unless` instead.
    """

    unless: Command | None = field(default=None, repr=False)


def parse(text: str) -> Command | Unknown | SecretTyped:
    """Parse the text after the slash command. This function never raises an error."""
    words = clean(text).split()
    name, count = _command(words)
    argument = " ".join(words[count:])
    if name is Name.SESSIONS and _key(words[0]) in _FILTERS:
        argument = f"{_key(words[0])} {argument}"
    is_register = "".join(map(_key, words[:count])) in _REGISTER
    is_event_link = "://" in argument and session_number(argument) is None
    if is_register and without_words(argument, CONNECT_FILLERS) and not is_event_link:
        name, argument = Name.JOIN, _FOR.sub("", argument)
    argument = argument[:ARGUMENT_LIMIT].strip()
    if holds_secret(text):
        is_title = name in {Name.JOIN, Name.AVAILABLE}
        return SecretTyped(Command(name, argument) if name and is_title else None)
    if not words:
        return Command(Name.OVERVIEW)
    if name is None:
        return Unknown(words[0], _nearest(_key(words[0])))
    if name is Name.DISCONNECT:
        argument = _CONFIRMED_TYPED.sub("", argument)
    return Command(name, argument)


def _command(words: list[str]) -> tuple[Name | None, int]:
    """Return the command that the words begin with, and the number of its words."""
    for count in range(min(PHRASE_LIMIT, len(words)), 0, -1):
        keys = [_key(word) for word in words[:count]]
        name = _KNOWN.get("".join(keys))
        if name is not None and keys[-1]:
            return name, count
    return (Name.HELP, 1) if words and set(words[0]) == {"?"} else (None, 0)


def _key(word: str) -> str:
    return fold(word, emoji=False).replace(" ", "")


def _nearest(word: str) -> str:
    """Return the command that a misspelt word stands for, or an empty text.

    A command that deletes something or has the opposite sense is never suggested.
    """
    word = word[:50]
    close = difflib.get_close_matches(word, _KNOWN, n=4, cutoff=SIMILAR)
    if not close:
        return ""
    shares = {known: difflib.SequenceMatcher(None, known, word).ratio() for known in close}
    close = [known for known in close if shares[known] >= shares[close[0]] - SIMILAR_MARGIN]
    is_negated = word.startswith(_NEGATIONS)
    alike = {_KNOWN[known] for known in close if known.startswith(_NEGATIONS) is is_negated}
    is_unclear = close[0].startswith(_NEGATIONS) is not is_negated
    is_destructive = any(_KNOWN[known] is Name.DISCONNECT for known in close)
    if is_unclear or is_destructive or all(alike & side for side in _OPPOSITES):
        return ""
    return _KNOWN[close[0]].value


def from_action(action_id: str) -> Command | None:
    """Return a button's command, or None for other buttons, such as links.

    Also return None if the argument contains a secret. The bot does not create such buttons, and
    the secret must not be repeated.
    """
    name, _, argument = action_id.partition(":")
    if name == "overview":
        return Command(Name.OVERVIEW)
    known = _BUTTONS.get(name)
    # The event of a link is no secret, even if its name looks random.
    is_linked_event = known is Name.DISCONNECT and argument.startswith(f"{CONFIRMED} ")
    if known is None or (holds_secret(argument) and not is_linked_event):
        return None
    return Command(known, argument[:ARGUMENT_LIMIT])
