"""Session lists, match lists and token answers."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import REGISTRY

from slackbot.accelevents import schemas
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


def row_as_expected(report: MatchReport) -> dict[str, Any]:
    return {
        "name": report.partner.name,
        "account_id": report.partner.account_id,
        "title": report.partner.title,
        "company": report.partner.company,
        "picture": report.partner.picture,
        "session_id": report.session_id,
        "raw_time": report.raw_time,
        "matched_at": report.matched_at and report.matched_at.isoformat(),
    }


@pytest.mark.parametrize("name", ["sessions_guide.json", "sessions_odd.json"])
def test_session_lists(name: str):
    """Rows become sessions; a bad row is counted, and the others are kept."""
    case, before = load(name), counted("sessions")
    page = schemas.read_page(case["answer"])
    sessions = schemas.read_sessions(page.rows, UTC_ZONE)
    assert [session_as_expected(session) for session in sessions] == case["expect"]
    assert counted("sessions") == before + case["skipped"]


def test_match_list():
    """Rows become reports; a row without a name is counted and left out."""
    case, before = load("matches_list.json"), counted("matches")
    reports = schemas.read_match_list(case["answer"], UTC_ZONE)
    assert [row_as_expected(row) for row in reports] == case["expect"]
    assert counted("matches") == before + case["skipped"]


@pytest.mark.parametrize("name", ["data", "matches", "content"])
def test_match_list_in_an_envelope(name: str):
    """A match list inside an object is read too."""
    rows = load("matches_list.json")["answer"]
    assert len(schemas.read_match_list({name: rows, "error": None}, UTC_ZONE)) == 3


@pytest.mark.parametrize("answer", [None, 7, "x", {}, {"data": None}, {"data": {"a": 1}}])
def test_an_answer_without_a_list(answer: object):
    """An answer without a list is unreadable as a whole."""
    with pytest.raises(Unreadable):
        schemas.read_match_list(answer, UTC_ZONE)
    with pytest.raises(Unreadable):
        schemas.read_page(answer)


def test_a_grant():
    """A grant has token, account and expiry, whose time is in the configured zone."""
    grant = schemas.read_grant(
        {"access_token": " abc ", "expires_in": "2022-01-14 09:42:40", "userId": 501},
        ZoneInfo("America/New_York"),
    )
    assert grant.token.get_secret_value() == "abc"
    assert grant.account_id == 501
    assert grant.expires_at == datetime(2022, 1, 14, 14, 42, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    ("account", "name"),
    [
        ({"firstName": "Ada", "lastName": "Lovelace", "email": "ada@x.example"}, "Ada Lovelace"),
        ({"firstName": " ", "lastName": "Lovelace"}, "Lovelace"),
        ({"firstName": None, "email": "ada@x.example"}, "ada@x.example"),
        ({"email": ["ada@x.example"], "firstName": {}}, None),
        ({}, None),
    ],
)
def test_a_grant_that_names_the_account(account: dict[str, object], name: str | None):
    """The name is that of the person, or else their address."""
    assert schemas.read_grant({"access_token": "abc"} | account, UTC_ZONE).account_name == name


@pytest.mark.parametrize("expires", [None, 3600, "soon", "", [], {}, 10**30])
def test_a_grant_whose_expiry_is_unknown(expires: object):
    """An expiry that cannot be read is unknown; the token is kept."""
    grant = schemas.read_grant({"accessToken": "abc", "expires_in": expires}, UTC_ZONE)
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
        schemas.read_grant(answer, UTC_ZONE)
