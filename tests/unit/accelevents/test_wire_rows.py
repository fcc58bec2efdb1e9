"""Session lists, match lists and token answers."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import REGISTRY

from slackbot.accelevents import parsing as values
from slackbot.accelevents import schemas as wire
from slackbot.accelevents.times import moment
from slackbot.domain.errors import Unreadable
from slackbot.domain.model import MatchReport, Session

FOLDER = Path(__file__).parents[2] / "payloads" / "platform"
UTC_ZONE = ZoneInfo("UTC")


def load(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def counted(source: str) -> float:
    return REGISTRY.get_sample_value("slackbot_unreadable_total", {"source": source}) or 0.0


def session_as_expected(session: Session) -> dict[str, Any]:
    return {
        "id": session.id,
        "title": session.title,
        "starts_at": session.starts_at and session.starts_at.isoformat(),
        "ends_at": session.ends_at and session.ends_at.isoformat(),
        "tracks": list(session.tracks),
        "location": session.location,
        "registered": session.registered,
        "capacity": session.capacity,
        "taken": session.taken,
    }


def row_as_expected(seen: MatchReport) -> dict[str, Any]:
    return {
        "name": seen.partner.name,
        "account_id": seen.partner.account_id,
        "title": seen.partner.title,
        "company": seen.partner.company,
        "picture": seen.partner.picture,
        "session_id": seen.session_id,
        "raw_time": seen.raw_time,
        "matched_at": seen.matched_at and seen.matched_at.isoformat(),
    }


@pytest.mark.parametrize("name", ["sessions_guide.json", "sessions_odd.json"])
def test_session_lists(name: str):
    """Rows become sessions; a bad row is counted and does not lose the others."""
    case, before = load(name), counted("sessions")
    page = wire.read_page(case["answer"])
    sessions = wire.read_sessions(page.rows, UTC_ZONE)
    assert [session_as_expected(session) for session in sessions] == case["expect"]
    assert counted("sessions") == before + case["skipped"]


def test_match_list():
    """Rows become sightings; what has no name is counted and left out."""
    case, before = load("matches_list.json"), counted("matches")
    seen = wire.read_match_list(case["answer"], UTC_ZONE)
    assert [row_as_expected(row) for row in seen] == case["expect"]
    assert counted("matches") == before + case["skipped"]


@pytest.mark.parametrize("name", ["data", "matches", "content"])
def test_match_list_in_an_envelope(name: str):
    """The match list may come inside an object."""
    rows = load("matches_list.json")["answer"]
    assert len(wire.read_match_list({name: rows, "error": None}, UTC_ZONE)) == 3


@pytest.mark.parametrize("answer", [None, 7, "x", {}, {"data": None}, {"data": {"a": 1}}])
def test_an_answer_without_a_list(answer: object):
    """An answer that is no list at all is unreadable as a whole."""
    with pytest.raises(Unreadable):
        wire.read_match_list(answer, UTC_ZONE)
    with pytest.raises(Unreadable):
        wire.read_page(answer)


def test_a_grant():
    """The token, the account and the expiry, whose time is in the configured zone."""
    grant = wire.read_grant(
        {"access_token": " abc ", "expires_in": "2022-01-14 09:42:40", "userId": 501},
        ZoneInfo("America/New_York"),
    )
    assert grant.token.get_secret_value() == "abc"
    assert grant.account_id == 501
    assert grant.expires_at == datetime(2022, 1, 14, 14, 42, 40, tzinfo=UTC)


@pytest.mark.parametrize("expires", [None, 3600, "soon", "", [], {}, 10**30])
def test_a_grant_whose_expiry_is_unknown(expires: object):
    """An expiry that cannot be read is unknown; the token is good all the same."""
    grant = wire.read_grant({"accessToken": "abc", "expires_in": expires}, UTC_ZONE)
    assert grant.expires_at is None
    assert grant.account_id is None


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {},
        {"access_token": None},
        {"access_token": ""},
        {"access_token": 5},
        {"access_token": "a\nb"},
        {"access_token": "é"},
        {"access_token": "  "},
    ],
)
def test_an_answer_without_a_token(answer: object):
    """A login's answer without a token that can be sent is unreadable."""
    with pytest.raises(Unreadable):
        wire.read_grant(answer, UTC_ZONE)


@pytest.mark.parametrize(
    "written",
    [
        "2021/12/20 05:36",
        "2021/12/20 05:36:00",
        "2021-12-20 05:36:00",
        "2021-12-20 05:36",
        "20/12/2021 05:36:00",
        "2021-12-20T05:36:00",
        "2021-12-20T10:36:00Z",
        1639996560000,
        "1639996560000",
        " 2021-12-20T11:36+01:00 ",
    ],
)
def test_spellings_of_a_time(written: object):
    """Every spelling seen on the platform is read; without a zone it is the configured one."""
    new_york = ZoneInfo("America/New_York")
    assert moment(written, new_york) == datetime(2021, 12, 20, 10, 36, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        None,
        True,
        "",
        "soon",
        "2021-12-20",
        "20211220",
        "2021/13/40 99:99",
        12,
        -1,
        1e309,
        float("nan"),
        [],
        {},
        "0001/01/01 00:00 ",
        10**40,
        "9" * 5000,
    ],
)
def test_what_is_no_time(written: object):
    """What cannot be read as a time is unknown, and never an error."""
    assert moment(written, ZoneInfo("Pacific/Kiritimati")) is None


def test_hours_that_clocks_change():
    """An hour that is left out or occurs twice is read without a crash, as the first of both."""
    new_york = ZoneInfo("America/New_York")
    assert moment("2021/11/07 01:30", new_york) == datetime(2021, 11, 7, 5, 30, tzinfo=UTC)
    assert moment("2021/03/14 02:30", new_york) == datetime(2021, 3, 14, 7, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://images.example/a.png", True),
        (" https://images.example/a.png ", True),
        ("http://images.example/a.png", False),
        ("https:///a.png", False),
        ("https://[::1", False),
        ("https://user@images.example/a.png", False),
        ("https://images.example/a b.png", False),
        ("https://images.example/" + "a" * 3000, False),
        ("a.png", False),
        ("javascript:alert(1)", False),
    ],
)
def test_pictures(address: str, kept: bool):
    """A picture is shown only from an https address with a host."""
    assert (values.picture(address) == address.strip()) is kept


def test_texts_are_made_safe_to_keep():
    """NUL and half characters, which databases and Slack refuse, do not get through."""
    kept = values.text("A\x00na \ud800")
    assert kept is not None
    assert "\x00" not in kept
    kept.encode()
    assert len(values.text("x" * 10_000) or "") == 300
