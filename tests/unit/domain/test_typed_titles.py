"""Titles, typed in the ways of phones, keyboards and Slack: the session is found, none refused."""

from __future__ import annotations

import pytest

from slackbot.domain.sessions import choose
from slackbot.domain.text import clean
from tests.fuzz.typed_titles import ordinary_titles, typed_titles
from tests.harness.fakes import NOON, session
from tests.harness.typing import WAYS

SEED = 5


def test_a_title_is_found_however_it_is_typed() -> None:
    """Of many sessions the one is found; `make fuzz` types 10,000 titles in every way."""
    result = typed_titles(300, SEED)
    assert result.tried >= 300 * len(WAYS)
    assert result.passed, "\n".join([str(result), *result.samples])


def test_no_ordinary_title_is_taken_for_a_secret() -> None:
    """Neither words nor compounds are; `make fuzz` has 10,000 of them."""
    result = ordinary_titles(1_000, SEED)
    assert result.passed, "\n".join([str(result), *result.samples])


@pytest.mark.parametrize(
    ("shown", "typed"),
    [
        ("Speakers’ Lounge", "speakers' lounge"),
        ("Speakers' Lounge", "speakers’ lounge"),
        ("Speakers' Lounge", "speakers lounge"),
        ("Women's Breakfast", "“women‘s breakfast”"),
        ("Founders", "*founders*"),
        ("Founders", "`founders`"),
        ("Founders", "\u200bfounders\ufeff"),
        ("🚀 Launch", ":rocket: launch"),
        ("🚀 Launch", "launch 🚀"),
        ("🚀 Launch", "launch"),
        ("Launch :rocket:", "🚀 launch"),
        ("👋🏽 Welcome", ":wave::skin-tone-4: welcome"),
        ("👩‍💻 Coders", ":female-technologist: coders"),
        ("🇩🇪 Treffen", ":flag-de: treffen"),
        ("❤️ for data", "❤ for data"),
        ("Café", "Cafe\u0301"),
        ("Cafe\u0301", "CAFÉ"),
        ("Café", "cafe"),
        ("İstanbul", "istanbul"),
        ("Istanbul", "İSTANBUL"),
        ("Işık", "ışık"),
        ("Launch Party", "Ｌａｕｎｃｈ　Ｐａｒｔｙ"),
        ("Launch Party", "launch party!"),
        ("Straße", "STRASSE"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("Łódź", "lodz"),
        ("Đà Nẵng", "da nang"),
        ("Smørrebrød", "smorrebrod"),
        ("パーティー", "ﾊﾟｰﾃｨｰ"),
        ("पार्टी", "पार्टी"),
        ("شراكة", "شِرَاكة"),
        ("גישה", "גִּישָׁה"),
        ("R&D", "R&amp;D"),
        ("R&D", "r and d"),
        ("3–4 pm: Q&A", "3-4 pm q&a"),
        ("Founders — Lunch", "founders -- lunch"),
        ("Don’t panic…", "dont panic..."),
        ("C# and F#", "c# and f#"),
        ("C++", "c++"),
        ("½ Day", "1/2 day"),
        ("Ⅳ. Panel", "iv panel"),
        ("Founders", "#founders"),
        ("★★★", "★★★"),
        ("Web3/DeFi", "web3 defi"),
        ("Ask_Me_Anything", "ask me anything"),
        ("Mixer (after dark)", "mixer after dark"),
        ("COVID-19 Roundtable", "covid19 roundtable"),
        ("Speed-Networking", "speednetworking"),
        ("1️⃣ Introductions", "1 introductions"),
    ],
)
def test_examples(shown: str, typed: str) -> None:
    """Each was reported for this bot or for another program that compares what people type."""
    others = [session(1, "Something else"), session(3, "Coffee")]
    assert choose([*others, session(2, shown)], clean(typed), NOON).id == 2


@pytest.mark.parametrize(
    "typed",
    ["#11645", "11645.", "session 11645", "Session #11645", "No. 11645", "１１６٤٥", "*11645*",
     "the one with id 11645, please", "https://www.accelevents.com/e/demo/portal/schedule/11645",
     "<https://www.accelevents.com/e/demo/portal/schedule/11645|Coffee>"],
)  # fmt: skip
def test_an_id_is_found_in_what_is_typed(typed: str) -> None:
    """With signs and words around it, or as the link of a session."""
    assert choose([session(7), session(11645, "Coffee")], clean(typed), NOON).id == 11645


def test_a_title_with_a_number_comes_before_an_id() -> None:
    """A title that is typed whole is meant, and of two alike the one with the same marks."""
    sessions = [session(7, "Coffee"), session(2026, "Session 7"), session(9, "Résumé"),
                session(10, "Resume")]  # fmt: skip
    assert choose(sessions, "session 7", NOON).id == 2026
    assert choose(sessions, "7", NOON).id == 7
    assert choose(sessions, "résumé", NOON).id == 9
    assert choose(sessions, "RESUME", NOON).id == 10
