"""Socket events of every shape: matches, unusable matches and other events."""

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import REGISTRY

from slackbot.accelevents import parsing
from slackbot.accelevents.match_event import read_matches
from slackbot.accelevents.packets import PacketReader
from slackbot.domain.model import MatchReport
from slackbot.domain.text import digest

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


def as_expected(report: MatchReport, expected: dict[str, Any]) -> dict[str, Any]:
    """Return the report in the form of the payload file's `expect`."""
    partner = report.partner
    meeting = expected["meeting_id"]
    return {
        "name": partner.name,
        "account_id": partner.account_id,
        "title": partner.title,
        "company": partner.company,
        "picture": partner.picture,
        "session_id": report.session_id,
        "raw_time": report.raw_time,
        "matched_at": report.matched_at and report.matched_at.isoformat(),
        "meeting_id": meeting
        if report.meeting_digest == (meeting and digest(meeting))
        else report.meeting_digest,
        "attendee_id": report.call and report.call.attendee["AttendeeId"],
        "round_seconds": report.round_seconds,
    }


def test_there_are_enough_shapes():
    """The folder has a file for every shape, so an empty glob cannot pass for success."""
    assert len(OK) >= 12
    assert len(BROKEN) >= 10
    assert len(OTHER) >= 5


@pytest.mark.parametrize("path", OK, ids=lambda path: path.stem)
def test_understood_shapes(path: Path):
    """Partner, session, time, round and call are found in every shape."""
    case = load(path)
    reports = read(case)
    assert reports is not None
    assert len(reports) == len(case["expect"])
    for report, expected in zip(reports, case["expect"], strict=True):
        assert as_expected(report, expected) == expected


@pytest.mark.parametrize("path", OK, ids=lambda path: path.stem)
def test_calls_are_in_the_spelling_of_aws(path: Path):
    """The call has AWS's spelling, unwrapped, with everything that joining needs."""
    for report in read(load(path)) or []:
        if report.call is not None:
            assert {"MeetingId", "MediaRegion", "MediaPlacement"} <= report.call.meeting.keys()
            assert {"AudioHostUrl", "SignalingUrl", "TurnControlUrl"} <= report.call.meeting[
                "MediaPlacement"
            ].keys()
            assert report.call.meeting["MeetingFeatures"] == {
                "Audio": {"EchoReduction": "AVAILABLE"}
            }
            assert {"AttendeeId", "JoinToken", "Capabilities"} <= report.call.attendee.keys()
            assert not {"fullName", "FullName"} & report.call.attendee.keys()


def test_a_good_shape_is_not_counted():
    """A match that is fully understood is not counted as unreadable."""
    before = counted()
    read(load(FOLDER / "socket_ok_wrapped.json"))
    assert counted() == before


def test_one_nameless_partner_is_counted():
    """One unusable partner of two is counted once, and the other is reported."""
    before = counted()
    assert len(read(load(FOLDER / "socket_ok_one_nameless.json")) or []) == 1
    assert counted() == before + 1


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_broken_shapes(path: Path, capsys: pytest.CaptureFixture[str]):
    """An event that looks like a match but cannot be used is counted, and not logged."""
    case, before = load(path), counted()
    assert read(case) == []
    assert counted() == before + 1
    out = "".join(capsys.readouterr())
    assert not any(word in out for word in ("Priya", "Ana Lima", "NWMxZDhm", "0f6cbe5d"))


@pytest.mark.parametrize("path", OTHER, ids=lambda path: path.stem)
def test_other_events(path: Path):
    """Other events are neither reported nor counted."""
    case, before = load(path), counted()
    assert read(case) is None
    assert counted() == before


def test_a_reports_repr_has_no_token():
    """The repr of a report, as in a trace, shows nothing of the call."""
    (report,) = read(load(FOLDER / "socket_ok_wrapped.json")) or []
    assert "NWMxZDhm" not in repr(report)
    assert "0f6cbe5d" not in repr(report)


def test_names_of_the_round():
    """The round's length is found under any name that means seconds."""
    names = ["durationInSeconds", "meetingDuration", "roundSeconds", "meeting_length", "roundSecs"]
    for name in names:
        (report,) = (
            read_matches([{"userIdOfMatch": 1, "fullName": "A", name: 120}], UTC_ZONE, None) or []
        )
        assert report.round_seconds == 120, name


def test_a_plain_duration_is_not_taken_for_a_round():
    """A `duration`, whose unit is unknown, is not taken for the round's length."""
    (report,) = (
        read_matches([{"userIdOfMatch": 1, "fullName": "A", "duration": 60}], UTC_ZONE, 9) or []
    )
    assert report.round_seconds is None


def test_an_oversized_payload():
    """An oversized payload is read within bounds, without a crash."""
    flood = [{"userIdOfMatch": n, "fullName": f"P{n}", "x": [{}] * 50} for n in range(1, 5000)]
    deep: Any = {"fullName": "P"}
    for _ in range(500):
        deep = [deep]
    assert len(read_matches([flood], UTC_ZONE, None) or []) <= 20
    assert read_matches([deep, "[" * 50_000], UTC_ZONE, None) is None


def test_a_match_before_a_long_list_of_attendees():
    """An event of 188 kB is read as it arrives, as an object and as JSON in a string."""
    fields = dict.fromkeys("abcdefghi", 1)
    event = {
        "match": {"userIdOfMatch": 5, "fullName": "Priya", "sessionId": 7},
        "attendees": [{"id": number} | fields for number in range(2_200)],
    }
    for sent in (event, json.dumps(event, separators=(",", ":"))):
        packet = PacketReader().read("2" + json.dumps(["match", sent]))
        assert packet is not None
        [report] = read_matches(packet.data[1:], UTC_ZONE, 1) or []
        assert (report.partner.account_id, report.session_id) == (5, 7)


def nested(depth: int, inner: Any) -> Any:
    return inner if not depth else {"data": nested(depth - 1, inner)}


LARGE = {
    "fields": [{f"roundSeconds{n}": 60 for n in range(60_000)} | {"fullName": "Zoë"}],
    "rows": [{"fullName": f"Guest {n}", "userIdOfMatch": n} for n in range(1, 20_000)],
    "lists": [[]] * 300_000,
    "texts": ["[" + "1," * 50_000 + "1]"] * 9,
    "deep": nested(18, [{"MeetingId": f"m{n}", "userIdOfMatch": n} for n in range(1, 20_000)]),
}


@pytest.mark.parametrize("name", LARGE)
def test_the_work_for_an_event_is_bounded(monkeypatch: pytest.MonkeyPatch, name: str):
    """Whatever an event of 1 MiB holds, a bounded number of its values is looked at."""
    looked_at = 0

    def counting(read: Any) -> Any:
        def count(*args: Any) -> Any:
            nonlocal looked_at
            looked_at += 1
            return read(*args)

        return count

    for reader in ("text", "integer", "identifier", "raw_time"):
        monkeypatch.setattr(parsing, reader, counting(getattr(parsing, reader)))
    read_matches([{"fullName": "Zoë", "userIdOfMatch": 9}, LARGE[name]], UTC_ZONE, 1)
    assert looked_at < 200_000
