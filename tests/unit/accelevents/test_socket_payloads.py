"""Every shape of a socket event that is understood, refused or none of ours."""

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import REGISTRY

from slackbot.accelevents.match_event import read_matches
from slackbot.domain.matching import digest
from slackbot.domain.model import MatchReport

FOLDER = Path(__file__).parents[2] / "payloads" / "platform"
OK = sorted(FOLDER.glob("socket_ok_*.json"))
BROKEN = sorted(FOLDER.glob("socket_broken_*.json"))
OTHER = sorted(FOLDER.glob("socket_other_*.json"))
UTC_ZONE = ZoneInfo("UTC")


def load(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def read(case: dict[str, Any]) -> list[MatchReport] | None:
    return read_matches(case["args"], UTC_ZONE, case["own_account_id"])


def counted() -> float:
    return REGISTRY.get_sample_value("slackbot_unreadable_total", {"source": "socket"}) or 0.0


def as_expected(seen: MatchReport, want: dict[str, Any]) -> dict[str, Any]:
    """The sighting in the form of the payload file's `expect`."""
    partner = seen.partner
    meeting = want["meeting_id"]
    return {
        "name": partner.name,
        "account_id": partner.account_id,
        "title": partner.title,
        "company": partner.company,
        "picture": partner.picture,
        "session_id": seen.session_id,
        "raw_time": seen.raw_time,
        "matched_at": seen.matched_at and seen.matched_at.isoformat(),
        "meeting_id": meeting
        if seen.meeting_digest == (meeting and digest(meeting))
        else seen.meeting_digest,
        "attendee_id": seen.call and seen.call.attendee["AttendeeId"],
        "round_seconds": seen.round_seconds,
    }


def test_there_are_enough_shapes():
    """The folder keeps a file for every shape, so an empty glob cannot pass for success."""
    assert len(OK) >= 12
    assert len(BROKEN) >= 10
    assert len(OTHER) >= 5


@pytest.mark.parametrize("path", OK, ids=lambda path: path.stem)
def test_understood_shapes(path: Path):
    """Partner, session, time, round and call are found in whatever shape they come."""
    case = load(path)
    seen = read(case)
    assert seen is not None
    assert len(seen) == len(case["expect"])
    for report, want in zip(seen, case["expect"], strict=True):
        assert as_expected(report, want) == want


@pytest.mark.parametrize("path", OK, ids=lambda path: path.stem)
def test_calls_are_in_the_spelling_of_aws(path: Path):
    """The call's objects are the inner ones, spelt as AWS does, with all that joining needs."""
    for seen in read(load(path)) or []:
        if seen.call is not None:
            assert {"MeetingId", "MediaRegion", "MediaPlacement"} <= seen.call.meeting.keys()
            assert {"AudioHostUrl", "SignalingUrl", "TurnControlUrl"} <= seen.call.meeting[
                "MediaPlacement"
            ].keys()
            assert seen.call.meeting["MeetingFeatures"] == {"Audio": {"EchoReduction": "AVAILABLE"}}
            assert {"AttendeeId", "JoinToken", "Capabilities"} <= seen.call.attendee.keys()
            assert not {"fullName", "FullName"} & seen.call.attendee.keys()


def test_a_good_shape_is_not_counted():
    """A match that is wholly understood leaves the counter of unreadable payloads alone."""
    before = counted()
    read(load(FOLDER / "socket_ok_wrapped.json"))
    assert counted() == before


def test_one_nameless_partner_is_counted():
    """Of two partners one cannot be used: that is counted once, and the other is told."""
    before = counted()
    assert len(read(load(FOLDER / "socket_ok_one_nameless.json")) or []) == 1
    assert counted() == before + 1


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_broken_shapes(path: Path, capsys: pytest.CaptureFixture[str]):
    """What looks like a match and cannot be used is counted once, and nobody is told."""
    case, before = load(path), counted()
    assert read(case) == []
    assert counted() == before + 1
    out = "".join(capsys.readouterr())
    assert not any(word in out for word in ("Priya", "Ana Lima", "NWMxZDhm", "0f6cbe5d"))


@pytest.mark.parametrize("path", OTHER, ids=lambda path: path.stem)
def test_other_events(path: Path):
    """Events that are no match at all are neither read nor counted."""
    case, before = load(path), counted()
    assert read(case) is None
    assert counted() == before


def test_the_token_is_not_in_a_sightings_text():
    """Printing a sighting, as a trace would, shows nothing of the call."""
    (seen,) = read(load(FOLDER / "socket_ok_wrapped.json")) or []
    assert "NWMxZDhm" not in repr(seen)
    assert "0f6cbe5d" not in repr(seen)


def test_every_spelling_of_the_round_is_read():
    """The round's length is found under any of the names that mean seconds."""
    names = ["durationInSeconds", "meetingDuration", "roundSeconds", "meeting_length", "roundSecs"]
    for name in names:
        (seen,) = (
            read_matches([{"userIdOfMatch": 1, "fullName": "A", name: 120}], UTC_ZONE, None) or []
        )
        assert seen.round_seconds == 120, name


def test_a_plain_duration_is_not_taken_for_a_round():
    """A session's `duration` has an unknown unit, so it is no round's length."""
    (seen,) = (
        read_matches([{"userIdOfMatch": 1, "fullName": "A", "duration": 60}], UTC_ZONE, 9) or []
    )
    assert seen.round_seconds is None


def test_a_huge_payload_is_read_within_bounds():
    """A payload beyond all reason ends in some reading, not in hours or a crash."""
    flood = [{"userIdOfMatch": n, "fullName": f"P{n}", "x": [{}] * 50} for n in range(1, 5000)]
    deep: Any = {"fullName": "P"}
    for _ in range(500):
        deep = [deep]
    assert len(read_matches([flood], UTC_ZONE, None) or []) <= 20
    assert read_matches([deep, "[" * 50_000], UTC_ZONE, None) is None
