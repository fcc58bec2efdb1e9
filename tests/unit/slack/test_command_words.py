"""The words that people type for a command, and those that are suggested for a misspelt one."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

import pytest

from slackbot.domain.text import POLITE, without_words
from slackbot.slack import (
    event_texts,
    home_texts,
    manner_texts,
    privacy_texts,
    reminder_texts,
    texts,
)
from slackbot.slack.command import (
    _KNOWN,
    Command,
    Name,
    SecretTyped,
    Unknown,
    from_action,
    parse,
    parse_message,
)

# Separated by `|`.
MEANT = {
    Name.CONNECT: "link|login|signin|LOGIN|Log-in|log in|sign in|Sign-In!|sign up"
    "|reconnect|connect.|log me in|sign me in|log back in|please connect",
    Name.DISCONNECT: "logout|signout|unlink|log-out|log out|sign out|Disconnect."
    "|log me out|Sign me out",
    Name.PRIVACY: "privacy|my data|GDPR|What do you know about me?",
    Name.EXPORT: "export|export my data|Download my data",
    Name.ERASE: "erase|delete me|Erase everything|delete my account|delete my data|remove me"
    "|forget me",
    Name.AVAILABLE: "ready|available.|*available*|I'm available|I’m available|i am ready|match me"
    "|unpause|resume|_available_|ava\u200bilable|\ufeffavailable|ａｖａｉｌａｂｌｅ|AVAİLABLE",
    Name.PAUSE: "stop|leave|unavailable|not available|I'm not available|away|brb|opt out"
    "|I am not available|I'm not ready"
    "|unsubscribe|Pausé|“pause”|snooze|'stop'|don't match me|Do not match me",
    Name.STATUS: "*status*|`status`|~status~|«status»|status?|whoami"
    "|ＳＴＡＴＵＳ|sta\u00adtus|„status“",
    Name.SESSIONS: "sessions|list|agenda|schedule|programme|'sessions'"
    "|SESSİONS|:calendar: sessions|show sessions|please show me the sessions",
    Name.JOIN: "join|attend|enter|‘join’",
    Name.MATCHES: "matches|matches,|history|people",
    Name.SWAP: "swap|swap contacts|exchange contacts",
    Name.REPORT: "report|report somebody",
    Name.EVENT: "event|events|my events|switch event",
    Name.HELP: "help|?|??|help!|commands|Hello|hi|¿help?",
}
TYPED = [(typed, name) for name, words in MEANT.items() for typed in words.split("|")]


@pytest.mark.parametrize(("typed", "name"), TYPED)
def test_a_command_is_known_by_its_meaning(typed: str, name: Name) -> None:
    """Other words, spellings, marks, quotes and invisible characters do not matter."""
    assert parse(typed) == Command(name)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("today", Command(Name.SESSIONS, "today")),
        ("Tomorrow track Product", Command(Name.SESSIONS, "tomorrow track Product")),
        ("log in demo", Command(Name.CONNECT, "demo")),
        ("register please", Command(Name.CONNECT, "please")),
        ("register for Founders", Command(Name.JOIN, "Founders")),
        ("sign up 7", Command(Name.JOIN, "7")),
        ("signup https://x.example/e/demo", Command(Name.CONNECT, "https://x.example/e/demo")),
        ("I'm not ready yet", Command(Name.PAUSE, "yet")),
        ("join *founders*", Command(Name.JOIN, "*founders*")),
        ("join R&amp;D", Command(Name.JOIN, "R&D")),
        ("join <@U04A79ECC3Z|ada>", Command(Name.JOIN, "@ada")),
        (
            "join <https://x.example/e/demo/7|Coffee>",
            Command(Name.JOIN, "https://x.example/e/demo/7"),
        ),
        ("connect <https://x.example/e/demo>", Command(Name.CONNECT, "https://x.example/e/demo")),
    ],
)
def test_the_argument_is_what_was_typed(typed: str, expected: Command) -> None:
    """Slack's entities and links are read, and a filter may be a word of its own."""
    assert parse(typed) == expected


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        # Spaces that are none on the keyboard.
        ("help\u00a0", Command(Name.HELP)),  # python-telegram-bot/python-telegram-bot#200
        ("status\u00a0please", Command(Name.STATUS, "please")),  # slack-ruby/slack-ruby-bot#255
        ("join\u00a0foo", Command(Name.JOIN, "foo")),  # weechat/weechat#423
        ("available\u00a011645", Command(Name.AVAILABLE, "11645")),  # errbotio/errbot#1518
        ("join   a    b", Command(Name.JOIN, "a b")),  # matrix-org/matrix-appservice-irc#1482
        ("\u200bstatus", Command(Name.STATUS)),  # aelassas/servy#963
        ("ｈｅｌｐ", Command(Name.HELP)),  # mistval/kotoba#13
        # Quotes and dashes of phones.
        ("join “my prompt”", Command(Name.JOIN, "“my prompt”")),  # stripe-contrib/pagerbot#28
        ("‘status’", Command(Name.STATUS)),  # operable/cog#275
        ("sessions —today", Command(Name.SESSIONS, "—today")),  # mattermost/mattermost-mobile#5259
        # A bot's name, and arguments without a space.
        ("status@networking", Command(Name.STATUS)),  # windkh/node-red-contrib-telegrambot#50
        ("/help@bot_name", Command(Name.HELP)),  # lukefx/hubot-telegram#51
        ("join@NetworkingBot first", Command(Name.JOIN, "first")),  # defstudio/telegraph#701
        ("join@testbot: first", Command(Name.JOIN, "first")),  # Dilbert66/esphome-components#11
        ("pause@bot", Command(Name.PAUSE)),  # duhow/CodeIgniter-Telegram#2
        ("join:founders", Command(Name.JOIN, "founders")),
        ("available=11645", Command(Name.AVAILABLE, "11645")),
        # Links that Slack makes of what is typed.
        (
            "connect <mailto:me@example.com|me@example.com>",  # scrapinghub/slackbot#86
            Command(Name.CONNECT, "me@example.com"),
        ),
        (
            "join <mailto:user@x.example|user@x.example> test",  # hubot-archive/hubot-pager-me#39
            Command(Name.JOIN, "user@x.example test"),
        ),
        (
            "join <http://a%40a.com|a%40a.com>",  # microsoft/botframework-sdk#377
            Command(Name.JOIN, "a%40a.com"),
        ),
        (
            "join <http://example.com|example.com>",  # Sorunome/mx-puppet-slack#15
            Command(Name.JOIN, "example.com"),
        ),
        (
            "connect <https://www.example.com>",  # chaskiq/chaskiq#274
            Command(Name.CONNECT, "https://www.example.com"),
        ),
    ],
)
def test_reported_spellings(typed: str, expected: Command) -> None:
    """Each was reported for a bot that did not know the command, or took the marks for words."""
    assert parse(typed) == expected


# What the label of a button says, typed instead of pressed.
LABELS = {
    Command(Name.CONNECT): "Connect|Connect again|Where's my magic link?|Get a new link",
    Command(
        Name.STATUS
    ): "Not now|Keep waiting|My status|Stay|Stay connected|Keep it|Join call|Use another device"
    "|Open in event hub|Meet in event hub|Close",
    Command(Name.OVERVIEW): "Try again",
    Command(Name.AVAILABLE): "I'm available|Next person|Leave the round|Switch to this one"
    "|Ask again|I'm available now|Be available all the same|I'm here",
    Command(Name.PAUSE): "Pause|Stay paused",
    Command(Name.CANT): "Can't make it",
    Command(Name.CANT, "undo"): "I can make it after all",
    Command(Name.WHY): "Why am I not matched yet?",
    Command(Name.SETTINGS): "Settings",
    Command(Name.SETTINGS, "quiet off"): "No quiet hours",
    Command(Name.JOIN): "Join",
    Command(Name.SESSIONS): "See sessions|Other sessions|Show all sessions",
    Command(Name.SESSIONS, "upcoming"): "What's coming up",
    Command(Name.SESSIONS, "past"): "What's over",
    Command(Name.MATCHES): "Your matches|All matches",
    Command(Name.REMIND): "Remind me",
    Command(Name.DISCONNECT): "Disconnect",
    Command(Name.EVENT): "Switch|Switch event|Another event",
    Command(Name.PRIVACY): "Privacy",
    Command(Name.PRIVACY, "permissions"): "Why each permission?",
    Command(Name.EXPORT): "Export|Export my data|Download|Matches only",
    Command(Name.ERASE): "Erase everything",
    Command(Name.HELP): "Help",
}
# Only the message in which they stand knows what they are about.
OF_A_PAGE = {
    texts.BUTTON_NEXT_PAGE,
    texts.BUTTON_PREVIOUS_PAGE,
    texts.BUTTON_ABOUT,
    # They are about the session or the match of their message.
    reminder_texts.BUTTON_AVAILABLE_THEN,
    reminder_texts.BUTTON_NOT_THIS_TIME,
    reminder_texts.BUTTON_CALENDAR,
    reminder_texts.BUTTON_UNDO,
    reminder_texts.BUTTON_TALKED,
    reminder_texts.BUTTON_NOBODY_CAME,
    reminder_texts.BUTTON_CHANGE_ANSWER,
    # They switch what stands beside them, or name it.
    manner_texts.BUTTON_SWITCH_TO,
    manner_texts.BUTTON_SWITCH_ON,
    manner_texts.BUTTON_SWITCH_OFF,
}


def test_labels_of_buttons_are_commands() -> None:
    """Every label can be typed, with the sense of its button, also in a direct message."""
    meant = {label: command for command, row in LABELS.items() for label in row.split("|")}
    labels = {
        value
        for module in (texts, home_texts, event_texts, privacy_texts, reminder_texts, manner_texts)
        for name, value in vars(module).items()
        if name.startswith("BUTTON_")
    }
    assert labels - OF_A_PAGE == meant.keys()
    for label, command in meant.items():
        for typed in (label, label.upper(), f"*{label.lower()}*"):
            parsed = parse(typed)
            assert parsed == parse_message(typed, "/networking", "U0BOT")
            assert isinstance(parsed, Command)
            rest = without_words(parsed.argument, POLITE)
            assert Command(parsed.name, rest) == command


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("my sessions", Command(Name.SESSIONS, "mine")),
        ("please show me my sessions", Command(Name.SESSIONS, "mine")),
        ("show me all the sessions", Command(Name.SESSIONS)),
        ("show my matches", Command(Name.MATCHES)),
        ("available sessions", Command(Name.SESSIONS)),
        ("next", Command(Name.AVAILABLE)),
        ("next 5", Unknown("next", "available")),
        ("switch to Founders", Command(Name.AVAILABLE, "Founders")),
        ("leave the round table", Command(Name.PAUSE, "the round table")),
        ("join call for papers", Command(Name.JOIN, "call for papers")),
    ],
)
def test_words_around_a_command(typed: str, expected: Command | Unknown) -> None:
    """Words that ask for something say nothing else; a phrase is the whole text."""
    assert parse(typed) == expected


@pytest.mark.parametrize(
    "typed", ["/networking status", "networking status", "`/networking` status"]
)
def test_the_slash_command_may_be_repeated(typed: str) -> None:
    """It is copied with the subcommand from the help."""
    assert parse(typed, "/networking") == Command(Name.STATUS)
    assert parse("/networking", "/networking") == Command(Name.OVERVIEW)


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [
        *[("sesions", "sessions"), ("avialable", "available"), ("conect", "connect")],
        *[("statsu", "status"), ("mathces", "matches"), ("loginn", "connect"), ("puase", "pause")],
        *[("unavailble", "pause"), ("availabel", "available"), ("singin", "connect")],
        ("nonavailable", "pause"),
        # Never one that deletes something, and never one of opposite sense.
        *[("disconect", ""), ("unlnk", ""), ("logut", ""), ("signuot", ""), ("logot", "")],
        *[("navailable", ""), ("unconnect", ""), ("inavailable", ""), ("xylophone", "")],
        ("resuem", "available"),
        ("muet", "pause"),  # python-discord/bot#742
        ("unsubscibe", "pause"),  # hellos3b/sjbha-bot#69
        ("docter", "check"),  # christopherkarani/ryk#210
        ("foo", ""),  # christopherkarani/ryk#210
        ("create", ""),  # kychee-com/run402#551
        ("trash", ""),  # wp-cli/wp-cli#4577
        ("close-session", ""),  # callstack/agent-device#1175
        # Of words that are equally close, the name of a command is meant.
        *[("match", "matches"), ("matched", "matches")],
    ],
)
def test_a_misspelt_word_is_suggested_by_meaning(typed: str, nearest: str) -> None:
    """The command itself is suggested, never another word for it."""
    assert parse(typed) == Unknown(typed, nearest)


@pytest.mark.parametrize(
    "typed", ["log everything off", "sign nobody out", "logn out", "match nobody", "availble no"]
)
def test_a_later_word_may_turn_the_sense(typed: str) -> None:
    """Then nothing is suggested."""
    assert parse(typed) == Unknown(typed.split(maxsplit=1)[0], "")


SIDES = (
    {Name.AVAILABLE, Name.JOIN, Name.CONNECT},
    {Name.PAUSE, Name.DISCONNECT},
)


def misspelt(word: str) -> Iterator[str]:
    """Yield the word with a letter left out, swapped, doubled or replaced."""
    for index in range(len(word)):
        before, rest = word[:index], word[index:]
        yield before + rest[1:]
        yield before + rest[1:2] + rest[:1] + rest[2:]
        yield before + rest[0] + rest
        for letter in string.ascii_lowercase[::5]:
            yield before + letter + rest[1:]


@pytest.mark.parametrize("word", sorted(_KNOWN))
def test_no_misspelling_suggests_the_opposite(word: str) -> None:
    """A word for a command never leads to one of opposite sense, nor to one that deletes."""
    meant = _KNOWN[word]
    for typed in misspelt(word):
        parsed = parse(typed)
        if not isinstance(parsed, Unknown) or not parsed.nearest:
            continue
        suggested = Name(parsed.nearest)
        assert suggested is not Name.DISCONNECT
        for side, other in (SIDES, SIDES[::-1]):
            assert not (meant in side and suggested in other), typed


@pytest.mark.parametrize(
    "typed",
    [
        *["join COVID-19-Roundtable", "join B2B-SaaS-Founders-2026", "connect demo"],
        *["connect https://www.accelevents.com/e/demo", "join <@U04A79ECC3Z|ada>"],
        "join https://www.accelevents.com/e/demo/portal/schedule/11645",
        "available 2nd-annual-c3-b2b-saas-summit-2026-q4",
        "join ISO-27001-and-SOC-2-type-II-roundtable",
        "join Verify-OTP-Google-Mobile-Authenticator-2FAS",
        "join buildBookingMatchWhereClause",
        "join LATTICE_METAL_DEVICE_INDEX_SELECTOR_V2",
        "join LATTICE_INFERENCE_MAX_BATCH_TOKENS_PER_DEVICE",  # ohdearquant/khive#1056
        "join crates/lattice/src/metal/device_selector.rs",  # ohdearquant/khive#1056
        "join ManagerDashboardUpcomingAnalyticsCard",  # psspl-gaurang/gforge#17
        "join UpdateLocationSummaryEmailPreferencesDto",  # psspl-gaurang/gforge#17
        "available fetchRawAudioFromPBX",  # psspl-gaurang/gforge#17
        # Yelp/detect-secrets#693
        "join callFunctionCheckIfDataAlreadyExistsPerpetualSubinventory",
        "join recallNoticesRecallBusinessUnits-validation-group-1297083594-1",
        "join assignVariablesOjTabBar1482653721SelectedItem",
        # mfittko/dev-loops#1858
        "join 0048-gate-full-dispatches-grouped-two-knob-dispatch-bounds.md",
        "join integrity, narHash and contentHash",  # duriantaco/skylos#705
    ],
)
def test_a_title_is_no_secret(typed: str) -> None:
    """Titles, links and mentions are arguments."""
    assert isinstance(parse(typed), Command)


def test_a_random_word_may_still_be_a_title() -> None:
    """The command goes with it, and is shown nowhere."""
    typed = parse("join q8Vn2LkX9xZp4TfW1RsYb6CjHd0Mg3")
    assert typed == SecretTyped(Command(Name.JOIN, "q8Vn2LkX9xZp4TfW1RsYb6CjHd0Mg3"))
    assert "q8Vn" not in repr(typed)
    assert parse("status q8Vn2LkX9xZp4TfW1RsYb6CjHd0Mg3") == SecretTyped()


def test_only_the_button_disconnects() -> None:
    """What it confirms cannot be typed, and is not in what is shown."""
    for event in ("demo", "BIO2026JPMWeekSF"):
        pressed = Command(Name.DISCONNECT, confirmed=event)
        assert from_action(pressed.action) == pressed
        assert pressed.text == "disconnect"
        for typed in (f"disconnect {event}", f"disconnect!{event}", pressed.action):
            parsed = parse(typed)
            assert not isinstance(parsed, Command) or not parsed.confirmed


BOT = "<@U0BOT>"
SPOKEN = {
    Command(Name.STATUS): f"status|/networking status|networking status|{BOT} status|{BOT}: status"
    "|@networking status|`/networking status`|/networking status@networking"
    f"|hey {BOT} status|<@U0BOT|networking> status|/Networking *status*|status {BOT}"
    f"|{BOT}, status?",
    Command(Name.AVAILABLE, "First Network"): f"available First Network|{BOT} ready First Network"
    f"|hi {BOT} /networking available First Network",
    Command(Name.JOIN, "@ada"): f"join <@U0ADA|ada>|{BOT} join <@U0ADA|ada>",
    Command(Name.OVERVIEW): f"/networking|networking|{BOT} /networking",
    Command(Name.HELP): f"help|?| |\n|{BOT}|hey {BOT}!|{BOT} {BOT}|:wave:|how does this work?"
    "|Thank you so much|https://docs.example.com/document/d/1BxiMVs0XRA5nFMdKvBdBZjgmUUqptl"
    "|<https://www.accelevents.com/e/demo/portal/schedule/11645|Coffee>"
    "|When does the B2B-SaaS-Founders-2026 session start?|Donaudampfschifffahrtsgesellschaft12345"
    f"|{BOT} <@U0PRIYA> does it work for you?",
    Unknown("xylophone", ""): f"xylophone|/networking xylophone|{BOT} xylophone",
    Unknown("sesions", "sessions"): "sesions|sesions tomorrow, please|networking sesions",
    SecretTyped(): "8f14e45fceea167a5a36dedd4bea2543"
    "|<https://www.accelevents.com/e/demo?userKey=a1b2c3d4e5f6a7b8>"
    f"|{BOT} connect 8f14e45fceea167a5a36dedd4bea2543"
    f"|8f14e45fceea167a5a36dedd4bea2543 {BOT} status",
}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (text, meant)
        for meant, written in SPOKEN.items()
        for text in re.split(r"\|(?=[^<>]*(?:<|$))", written)
    ],
)
def test_a_message_to_the_bot_is_understood(
    written: str, meant: Command | Unknown | SecretTyped
) -> None:
    """A mention or the slash command may come first; more than a word is no misspelt command."""
    assert parse_message(written, "/networking", "U0BOT") == meant
