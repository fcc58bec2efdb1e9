"""Escaping and times in Slack's texts, for any text and any zone."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from slackbot.sandbox.slack.mrkdwn import links, mentions, unescape
from slackbot.slack.blocks.text import date_token, escape, fallback, mrkdwn, plain, rich, sanitize
from slackbot.storage.tables import UtcDateTime

PIECES = ["<!channel>", "<@U0ADA>", "<#C0|x>", "<https://x.example|y>", "&lt;", "&amp;", "&"]
PIECES += [
    "> ",
    "*",
    "_",
    "~",
    "`",
    "a.b",
    "https://e.example/x",
    "a@b.example",
    "\u200b",
    "|",
    "^",
]
TEXT = st.text() | st.lists(st.sampled_from([*PIECES, "a", " ", "\n"]), max_size=15).map("".join)
ZONES = st.sampled_from(sorted(available_timezones() - {"localtime", "Factory"})).map(ZoneInfo)
MOMENTS = st.datetimes(
    datetime(1971, 1, 1),  # noqa: DTZ001 - hypothesis puts the zone on
    datetime(2200, 1, 1),  # noqa: DTZ001
    timezones=ZONES | st.just(UTC),
    allow_imaginary=False,
)
SPLITTER = "\u200b"


def seen(text: str) -> str:
    """Without what has no width."""
    return text.replace(SPLITTER, "")


@given(TEXT)
@example("&amp;lt;!here&gt;")
@example("<<>>&&&")
def test_escaping_and_slacks_own_unescaping_give_the_text_back(text: str):
    """Slack turns three entities back and nothing else; what is read is what was written."""
    escaped = escape(text)
    assert seen(unescape(escaped)) == seen(text)
    assert set(re.findall(r"&[^;]*;?", escaped)) <= {"&amp;", "&lt;", "&gt;"}
    assert html.unescape(escaped).replace(SPLITTER, "") == seen(text)


@given(TEXT)
@example("mailto:a@b.example")
def test_escaped_text_does_nothing(text: str):
    """It mentions nobody, links nowhere, and has no mark beside a word that would style it."""
    escaped = escape(text)
    assert not re.search(r"[<>]", escaped)
    drawn = {"text": escaped}
    assert mentions(drawn) == set()
    assert links(drawn) == set()
    assert not re.search(r"(?<!\u200b)[*_~`]|[*_~`](?!\u200b)", escaped)


@given(TEXT, st.sampled_from(["{x}", "*You're in {x}.* Now.", "_{x}_", "`{x}` and {x}"]))
def test_rich_text_keeps_foreign_text_verbatim(text: str, sentence: str):
    """The tidied text stands in text elements as it is: not escaped, not split, not styled away."""
    kept = sanitize(text)
    elements = rich(sentence, {"x": text})["elements"][0]["elements"]
    assert {element["type"] for element in elements} <= {"text"}
    told = "".join(element["text"] for element in elements)
    said = re.sub(r"[*_`]", "", sentence).replace("{x}", kept)
    assert told == (said if said.strip() else "…")  # Slack refuses a block that shows nothing
    assert plain(sentence, {"x": text}) == said


@given(TEXT, st.integers(2, 200))
def test_tidied_text_is_one_line_of_visible_characters(text: str, limit: int):
    """Nothing more is taken away the second time, and the limit holds."""
    line = sanitize(text, limit)
    assert len(line) <= limit
    assert sanitize(line, limit) == line
    assert line == line.strip()
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]", line)


@given(TEXT)
def test_fallback_and_small_print_hold_the_same_text(text: str):
    """What is read aloud has every fact of what is shown."""
    for drawn in (fallback("{x}", {"x": text}), mrkdwn("*{x}*", {"x": text}).strip("*")):
        assert seen(unescape(drawn)).strip() == seen(sanitize(text)).strip()


@given(MOMENTS, st.sampled_from(["time", "when"]))
def test_a_time_is_the_same_moment_in_every_zone(when: datetime, form: str):
    """Date tokens and date elements carry the moment, whatever zone it was given in."""
    second = when.replace(microsecond=0)
    token = date_token(second, form)
    stamp = re.match(r"<!date\^(-?\d+)\^", token)
    assert stamp
    assert int(stamp[1]) == second.timestamp()
    element: dict[str, Any] = rich(f"{{x:{form}}}", {"x": second})["elements"][0]["elements"][0]
    assert element["type"] == "date"
    assert element["timestamp"] == second.timestamp()


@given(MOMENTS)
def test_the_fallback_of_a_time_says_its_zone_truly(when: datetime):
    """Where Slack cannot draw the time, the text says UTC, and it is UTC."""
    token = date_token(when, "when")
    told = token.rpartition("|")[2].rstrip(">")
    assert told.endswith(" UTC")
    read = datetime.strptime(told, "%d %b %Y at %H:%M UTC").replace(tzinfo=UTC)
    assert read == when.astimezone(UTC).replace(second=0, microsecond=0)


@given(MOMENTS)
def test_a_stored_time_is_the_same_moment(when: datetime):
    """From any zone into the database and back: the moment stays, in UTC."""
    column, dialect = UtcDateTime(), sqlite.dialect()
    bound = column.process_bind_param(when, dialect)
    assert bound is not None
    back = column.process_result_value(bound.replace(tzinfo=None), dialect)
    assert back is not None
    assert back.timestamp() == when.timestamp()
    assert back.utcoffset() == UTC.utcoffset(None)
