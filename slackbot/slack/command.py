"""The commands, which are typed after the slash command or sent by a button."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import dropwhile
from typing import Final

from slackbot.domain.credentials import holds_secret
from slackbot.domain.sessions import session_number
from slackbot.domain.text import POLITE, clean, fold, without_words

# Maximum characters of an argument. Longer arguments are truncated.
ARGUMENT_LIMIT: Final = 200
# Words of the longest command that is more than one word, such as `I am not available`.
PHRASE_LIMIT: Final = 4
# Maximum characters of an unknown word of a message that is repeated to its writer.
WORD_LIMIT: Final = 30
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
    REMIND = "remind"
    CHECK = "check"
    EVENT = "event"
    PRIVACY = "privacy"
    EXPORT = "export"
    ERASE = "erase"
    SWAP = "swap"
    REPORT = "report"
    CANT = "cant"
    WHY = "why"
    SETTINGS = "settings"


# Other words for a command, in the form of `_key`: folded, without spaces and apostrophes.
_OTHER_WORDS: Final = {
    Name.HELP: "h hello hi hey commands usage info about start",
    Name.CONNECT: "link login signin logon signon signup register auth authenticate authorize "
    "reconnect relink logmein signmein logbackin signbackin",
    Name.DISCONNECT: "logout signout unlink logoff signoff logmeout signmeout",
    Name.PRIVACY: "data mydata personaldata gdpr permissions scopes",
    Name.EXPORT: "download matchesonly exportmydata exportdata downloadmydata getmydata",
    Name.ERASE: "eraseeverything deleteme forgetme eraseme removeme deletemyaccount deletemydata "
    "removemyaccount removemydata erasemydata deleteeverything wipe",
    Name.STATUS: "me whoami state",
    Name.SESSIONS: "list session agenda schedule program programme today tomorrow live upcoming "
    "past mine",
    Name.JOIN: "enter attend",
    Name.AVAILABLE: "ready imavailable iamavailable imready iamready matchme imfree iamfree "
    "imback iamback resume unpause optin checkin checkmein switchto",
    Name.PAUSE: "stop leave unavailable notavailable imunavailable iamunavailable imnotavailable "
    "notready unready away imaway afk brb busy imbusy iambusy iamaway iamnotavailable "
    "iamnotready imnotready iamnotfree imnotfree break snooze mute quit exit optout unsubscribe "
    "unjoin checkout checkmeout dontmatchme donotmatchme",
    Name.MATCHES: "history contacts people met",
    Name.SWAP: "swapcontacts exchange exchangecontacts swaps",
    Name.REPORT: "complain reportsomebody reportsomeone reportaperson reportperson",
    Name.EVENT: "events myevents switch switchevent changeevent otherevent anotherevent",
    Name.REMIND: "reminder reminders remindme",
    Name.CANT: "cantmakeit icantmakeit cannotmakeit icannotmakeit skipround skipthisround cantcome",
    Name.WHY: "whynot whynotmatched whynomatch",
    Name.SETTINGS: "setting preferences options configure notifications",
    Name.CHECK: "selfcheck selftest diagnose diagnostics doctor troubleshoot support",
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
_FOR: Final = re.compile(r"for ", re.IGNORECASE)
_NEGATIONS: Final = ("un", "non", "not", "no", "dis", "de", "in")
# Words after a misspelt command that turn its sense around.
_OPPOSED: Final = frozenset({"out", "off", "not", "no", "never", "nobody", "stop"})
# Words with which people ask for a command.
_ASKING: Final = frozenset({
    "please", "pls", "plz", "show", "view", "get", "see", "my", "your", "all",
})  # fmt: skip
# Words that may follow them.
_ASKED: Final = _ASKING | {"me", "the"}
# The name of a bot after a command, as in other chats, or an argument without a space before it.
_SUFFIX: Final = re.compile(r"(\W?\w[\w'’-]*)(?:@\w[\w.-]*:?|[:=](?=\S)(?!//))")


@dataclass(frozen=True, slots=True)
class Command:
    """A command that a person typed or ran with a button."""

    name: Name
    argument: str = ""
    # What a button confirms: the event to disconnect from or of a reminder, the `round_of` a match,
    # or that Slack holds back notifications. Whatever else is linked or running by then is asked
    # about. It is neither typed nor shown.
    confirmed: str = ""

    @property
    def text(self) -> str:
        """The command as typed after the slash command."""
        return f"{self.name.value} {self.argument}".strip()

    @property
    def action(self) -> str:
        """The action id of a button for this command."""
        confirmed = f"!{self.confirmed}" if self.confirmed else ""
        return f"{self.name.value or 'overview'}{confirmed}:{self.argument}"


# Whole texts for a command, in the form of `_key`: labels of buttons, and what is said like them.
_PHRASES: Final = {
    Command(Name.CONNECT): "magiclink mymagiclink wheresmymagiclink whereismymagiclink newlink "
    "getanewlink",
    Command(Name.CANT, "undo"): "icanmakeitafterall canmakeitafterall icanmakeit",
    Command(Name.PAUSE): "staypaused",
    Command(Name.SETTINGS, "quiet off"): "noquiethours",
    Command(Name.WHY): "whyaminotmatchedyet whyaminotmatched whyamistillwaiting",
    Command(Name.STATUS): "notnow keepwaiting stay stayconnected keepit close joincall jointhecall "
    "useanotherdevice openineventhub meetineventhub",
    Command(Name.OVERVIEW): "tryagain",
    Command(Name.AVAILABLE): "next nextperson nextone nextplease nextpersonplease leavetheround "
    "leavethisround switchtothisone askagain imavailablenow iamavailablenow beavailableallthesame "
    "imhere iamhere",
    Command(Name.SESSIONS): "othersessions availablesessions opensessions",
    Command(Name.SESSIONS, "upcoming"): "whatscomingup whatsnext nextsession nextsessions",
    Command(Name.SESSIONS, "past"): "whatsover",
    Command(Name.PRIVACY): "whatdoyoustore whatdoyoustoreaboutme whatdoyouknowaboutme",
    Command(Name.PRIVACY, "permissions"): "whyeachpermission",
    Command(Name.SESSIONS, "mine"): "mysession mysessions yoursessions",
}
_BY_PHRASE: Final = {key: command for command, keys in _PHRASES.items() for key in keys.split()}
# Words that a misspelt word may stand for. `next` is as close to `exit`.
_NEAR: Final = _KNOWN | {"next": Name.AVAILABLE}


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


def parse(text: str, slash: str = "") -> Command | Unknown | SecretTyped:
    """Parse the text after the slash command, which may be repeated in it.

    This function never raises an error.
    """
    words = clean(text).split()
    words = words[1:] if slash and words and _key(words[0]) == _key(slash) else words
    words = _without_suffix(words)
    if (phrase := _phrase(words)) is not None:
        return phrase
    words = _without_asking(words)
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
        is_opposed = any(fold(word) in _OPPOSED for word in words[1:])
        return Unknown(words[0], "" if is_opposed else _nearest(_key(words[0])))
    return Command(name, argument)


def parse_message(text: str, slash: str, bot: str) -> Command | Unknown | SecretTyped:
    """Parse a message to the bot, in which its mention or the slash command may come first.

    A message that is more than a misspelt word is no command, and asks for help. `bot` is the bot's
    user id.
    """
    before, *after = re.split(rf"<@{re.escape(bot)}(?:\|[^<>]*)?>", text)
    words = " ".join(after).strip(" ,:.!?\n").split() or before.split()
    if words and _key(words[0]) == _key(slash):
        words = words[1:]
    elif not words:
        return Command(Name.HELP)
    parsed = parse(" ".join(words))
    if holds_secret(text) and not isinstance(parsed, SecretTyped):
        return SecretTyped()
    if isinstance(parsed, Unknown) and not parsed.nearest:
        is_word = len(words) == 1 and len(parsed.word) <= WORD_LIMIT and parsed.word[0].isalnum()
        return parsed if is_word else Command(Name.HELP)
    return parsed


def _command(words: list[str]) -> tuple[Name | None, int]:
    """Return the command that the words begin with, and the number of its words."""
    for count in range(min(PHRASE_LIMIT, len(words)), 0, -1):
        keys = [_key(word) for word in words[:count]]
        name = _KNOWN.get("".join(keys))
        if name is not None and keys[-1]:
            return name, count
    return (Name.HELP, 1) if words and set(words[0]) == {"?"} else (None, 0)


def _without_suffix(words: list[str]) -> list[str]:
    """Return the words, the first one without a bot's name, and apart from its argument."""
    found = _SUFFIX.match(words[0]) if words else None
    if found is None or _key(found[1]) not in _KNOWN:
        return words
    rest = words[0][found.end() :]
    return [found[1], *([rest] if rest else []), *words[1:]]


def _phrase(words: list[str]) -> Command | None:
    """Return the command of a phrase, also in `please show me my sessions`."""
    for start, word in enumerate(words):
        if found := _BY_PHRASE.get(_key(" ".join(words[start:]))):
            return found
        if fold(word) not in _ASKED:
            break
    return None


def _without_asking(words: list[str]) -> list[str]:
    """Return the command that is asked for, as in `please show me the sessions`."""
    if not words or fold(words[0]) not in _ASKING:
        return words
    command = list(dropwhile(lambda word: fold(word) in _ASKED, words))
    return command if _command(command)[0] else words


def _key(word: str) -> str:
    return fold(word, emoji=False).replace(" ", "")


def _nearest(word: str) -> str:
    """Return the command that a misspelt word stands for, or an empty text.

    A command that deletes something or has the opposite sense is never suggested.
    """
    word = word[:50]
    close = difflib.get_close_matches(word, _NEAR, n=4, cutoff=SIMILAR)
    if not close:
        return ""
    shares = {known: difflib.SequenceMatcher(None, known, word).ratio() for known in close}
    # Swapped letters come first, and of words that are equally close the name of a command.
    letters = sorted(word)
    close.sort(key=lambda k: (sorted(k) != letters, -shares[k], k not in _BUTTONS))
    close = [known for known in close if shares[known] >= shares[close[0]] - SIMILAR_MARGIN]
    is_negated = word.startswith(_NEGATIONS)
    alike = {_NEAR[known] for known in close if known.startswith(_NEGATIONS) is is_negated}
    is_unclear = close[0].startswith(_NEGATIONS) is not is_negated
    is_destructive = any(_NEAR[known] in {Name.DISCONNECT, Name.ERASE} for known in close)
    if is_unclear or is_destructive or all(alike & side for side in _OPPOSITES):
        return ""
    return _NEAR[close[0]].value


def from_action(action_id: str) -> Command | None:
    """Return a button's command, or None for other buttons, such as links.

    Also return None if the argument contains a secret. The bot does not create such buttons, and
    the secret must not be repeated.
    """
    before, _, argument = action_id.partition(":")
    name, _, confirmed = before.partition("!")
    if name == "overview":
        return Command(Name.OVERVIEW)
    known = _BUTTONS.get(name)
    if known is None or holds_secret(argument):
        return None
    return Command(known, argument[:ARGUMENT_LIMIT], confirmed)
