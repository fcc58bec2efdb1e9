"""The words that people type for a command, and those that are suggested for a misspelt one."""

from __future__ import annotations

import string
from collections.abc import Iterator

import pytest

from slackbot.slack import texts
from slackbot.slack.blocks.status import message_answer
from slackbot.slack.blocks.text import plain
from slackbot.slack.command import (
    _KNOWN,
    CONFIRMED,
    Command,
    Name,
    SecretTyped,
    Unknown,
    from_action,
    parse,
)

# Separated by `|`.
MEANT = {
    Name.CONNECT: "link|login|signin|LOGIN|Log-in|log in|sign in|Sign-In!|sign up"
    "|reconnect|connect.",
    Name.DISCONNECT: "logout|signout|unlink|log-out|log out|sign out|delete me|Disconnect.",
    Name.AVAILABLE: "ready|available.|*available*|I'm available|I’m available|i am ready|match me"
    "|unpause|resume|_available_|ava\u200bilable|\ufeffavailable|ａｖａｉｌａｂｌｅ|AVAİLABLE",
    Name.PAUSE: "stop|leave|unavailable|not available|I'm not available|away|brb|opt out"
    "|I am not available|I'm not ready"
    "|unsubscribe|Pausé|“pause”|snooze|'stop'",
    Name.STATUS: "*status*|`status`|~status~|«status»|status?|whoami"
    "|ＳＴＡＴＵＳ|sta\u00adtus|„status“",
    Name.SESSIONS: "sessions|list|agenda|schedule|programme|'sessions'"
    "|SESSİONS|:calendar: sessions",
    Name.JOIN: "join|attend|enter|‘join’",
    Name.MATCHES: "matches|matches,|history|people",
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
    ("typed", "nearest"),
    [
        *[("sesions", "sessions"), ("avialable", "available"), ("conect", "connect")],
        *[("statsu", "status"), ("mathces", "matches"), ("loginn", "connect"), ("puase", "pause")],
        *[("unavailble", "pause"), ("availabel", "available"), ("singin", "connect")],
        ("nonavailable", "pause"),
        # Never one that deletes something, and never one of opposite sense.
        *[("disconect", ""), ("unlnk", ""), ("logut", ""), ("signuot", ""), ("logot", "")],
        *[("navailable", ""), ("unconnect", ""), ("inavailable", ""), ("xylophone", "")],
    ],
)
def test_a_misspelt_word_is_suggested_by_meaning(typed: str, nearest: str) -> None:
    """The command itself is suggested, never another word for it."""
    assert parse(typed) == Unknown(typed, nearest)


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
    """Its argument has no effect when it is typed."""
    assert parse(f"disconnect {CONFIRMED}") == Command(Name.DISCONNECT)
    for typed in (f"{CONFIRMED} demo", f"Confirmed {CONFIRMED} demo", "confirmed\u00a0 demo"):
        assert parse(f"disconnect {typed}") == Command(Name.DISCONNECT, "demo")
    for event in ("demo", "BIO2026JPMWeekSF"):
        pressed = Command(Name.DISCONNECT, f"{CONFIRMED} {event}")
        assert from_action(pressed.action) == pressed


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("Hi! When does the B2B-SaaS-Founders-2026 session start?", texts.DM_ANSWER),
        ("<https://www.accelevents.com/e/demo/portal/schedule/11645|Coffee>", texts.DM_ANSWER),
        ("https://docs.google.com/document/d/1BxiMVs0XRA5nFMdKvBdBZjgmUUqptl", texts.DM_ANSWER),
        ("8f14e45fceea167a5a36dedd4bea2543", texts.DM_SECRET),
        ("<https://www.accelevents.com/e/demo?userKey=a1b2c3d4e5f6a7b8>", texts.DM_SECRET),
    ],
)
def test_only_secrets_in_a_direct_message_are_called_so(written: str, sentence: str) -> None:
    """Ordinary sentences, titles and links are answered as such."""
    answer = message_answer(written, "/networking")
    assert plain(sentence, {"command": "/networking"}) in answer.text.replace("\u200b", "")
