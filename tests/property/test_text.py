"""Text in Slack messages: escaping any text, and times in any zone."""

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
from slackbot.storage.columns import UtcDateTime

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
    datetime(1971, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(2200, 1, 1),  # noqa: DTZ001
    timezones=ZONES | st.just(UTC),
    allow_imaginary=False,
)
SPLITTER = "\u200b"


def visible(text: str) -> str:
    """Return the text without the zero-width characters that escaping adds."""
    return text.replace(SPLITTER, "")


@given(TEXT)
@example("&amp;lt;!here&gt;")
@example("<<>>&&&")
def test_slack_unescapes_what_is_escaped(text: str):
    """Slack unescapes three entities, which gives back any escaped text."""
    escaped = escape(text)
    assert visible(unescape(escaped)) == visible(text)
    assert set(re.findall(r"&[^;]*;?", escaped)) <= {"&amp;", "&lt;", "&gt;"}
    assert html.unescape(escaped).replace(SPLITTER, "") == visible(text)


@given(TEXT)
@example("mailto:a@b.example")
def test_escaped_text_has_no_markup(text: str):
    """Escaped text has no mention, no link and no formatting."""
    escaped = escape(text)
    assert not re.search(r"[<>]", escaped)
    element = {"text": escaped}
    assert mentions(element) == set()
    assert links(element) == set()
    assert not re.search(r"(?<!\u200b)[*_~`]|[*_~`](?!\u200b)", escaped)


@given(TEXT, st.sampled_from(["{x}", "*You've joined {x}.* Now.", "_{x}_", "`{x}` and {x}"]))
def test_rich_text_keeps_untrusted_text_verbatim(text: str, sentence: str):
    """Rich text holds sanitized text as it is: neither escaped nor split nor formatted."""
    sanitized = sanitize(text)
    elements = rich(sentence, {"x": text})["elements"][0]["elements"]
    assert {element["type"] for element in elements} <= {"text"}
    shown = "".join(element["text"] for element in elements)
    expected = re.sub(r"[*_`]", "", sentence).replace("{x}", sanitized)
    assert shown == (expected if expected.strip() else "…")  # Slack refuses an empty block
    assert plain(sentence, {"x": text}) == expected


@given(TEXT, st.integers(2, 200))
def test_sanitized_text_is_one_line_of_visible_characters(text: str, limit: int):
    """Sanitized text is within its limit, and sanitizing it again changes nothing."""
    line = sanitize(text, limit)
    assert len(line) <= limit
    assert sanitize(line, limit) == line
    assert line == line.strip()
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]", line)


@given(TEXT)
def test_fallback_and_mrkdwn_hold_the_same_text(text: str):
    """The fallback, which screen readers read, holds all of the shown text."""
    for rendered in (fallback("{x}", {"x": text}), mrkdwn("*{x}*", {"x": text}).strip("*")):
        assert visible(unescape(rendered)).strip() == visible(sanitize(text)).strip()


@given(MOMENTS, st.sampled_from(["time", "when"]))
def test_a_time_is_the_same_moment_in_every_zone(when: datetime, form: str):
    """Date tokens and date elements hold the same moment, whatever its zone."""
    second = when.replace(microsecond=0)
    token = date_token(second, form)
    stamp = re.match(r"<!date\^(-?\d+)\^", token)
    assert stamp
    assert int(stamp[1]) == second.timestamp()
    element: dict[str, Any] = rich(f"{{x:{form}}}", {"x": second})["elements"][0]["elements"][0]
    assert element["type"] == "date"
    assert element["timestamp"] == second.timestamp()


@given(MOMENTS)
def test_the_fallback_of_a_time_is_in_utc(when: datetime):
    """The text of a time that Slack cannot format is in UTC, and says so."""
    token = date_token(when, "when")
    shown = token.rpartition("|")[2].rstrip(">")
    assert shown.endswith(" UTC")
    read = datetime.strptime(shown, "%d %b %Y at %H:%M UTC").replace(tzinfo=UTC)
    assert read == when.astimezone(UTC).replace(second=0, microsecond=0)


@given(MOMENTS)
def test_a_stored_time_is_the_same_moment(when: datetime):
    """A time of any zone is read back from the database as the same moment, in UTC."""
    column, dialect = UtcDateTime(), sqlite.dialect()
    bound = column.process_bind_param(when, dialect)
    assert bound is not None
    back = column.process_result_value(bound.replace(tzinfo=None), dialect)
    assert back is not None
    assert back.timestamp() == when.timestamp()
    assert back.utcoffset() == UTC.utcoffset(None)
