"""Answers and events of the platform: any input is read or refused."""

import contextlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given, settings
from hypothesis import strategies as st

from slackbot.accelevents import schemas
from slackbot.accelevents.errors import Endpoint, error_for
from slackbot.accelevents.http import parse_retry_after
from slackbot.accelevents.match_event import read_matches
from slackbot.accelevents.parsing import timestamp
from slackbot.domain.errors import PlatformError, Unreadable
from slackbot.domain.model import MatchReport
from slackbot.domain.text import digest

ZONES = st.sampled_from(sorted(available_timezones() - {"localtime", "Factory"})).map(ZoneInfo)
NAMES = st.sampled_from(
    [
        "sessionId",
        "userIdOfMatch",
        "fullName",
        "matTimeDate",
        "company",
        "profileImage",
        "title",
        "Meeting",
        "meeting",
        "MeetingId",
        "MediaPlacement",
        "AudioHostUrl",
        "meetingFeatures",
        "Attendee",
        "attendeeId",
        "JoinToken",
        "join_token",
        "ExternalUserId",
        "Capabilities",
        "roundSeconds",
        "durationInSeconds",
        "data",
        "session",
        "id",
        "message",
        "firstName",
        "startTime",
        "endTime",
        "capacity",
        "tracks",
        "format",
        "sessionStats",
        "access_token",
        "expires_in",
        "userId",
        "currentUserRegisteredEventTicketId",
        "errorCode",
        "error",
    ]
)
# Lone surrogates too: JSON can carry them, databases and Slack cannot.
TEXTS = st.text(st.characters(exclude_categories=()), max_size=30)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(10**18, 10**25)
    | st.floats()
    | TEXTS
    | st.sampled_from(["Priya", "2021/12/20 05:36", "https://a.example/b", "11645", "MEET_UP"])
    | st.sampled_from(["0f6cbe5d-3f6a-4b3a-9a59-0d3c1f2b2713", '{"fullName": "X"}', "{", "[[["])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(NAMES | TEXTS, inner, max_size=6)
        | inner.map(json.dumps)
    ),
    max_leaves=25,
)
UTC_ZONE = ZoneInfo("UTC")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def assert_storable(report: MatchReport) -> None:
    """Assert that a report can be stored and sent."""
    partner = report.partner
    assert partner.name.strip()
    texts = [partner.name, partner.title, partner.company, partner.picture, report.raw_time]
    for text in filter(None, texts):
        text.encode()
        assert "\x00" not in text
    assert len(partner.name) <= 300
    assert partner.picture is None or partner.picture.startswith("https://")
    assert partner.account_id is None or 0 < partner.account_id < 2**63
    assert report.session_id is None or 0 < report.session_id < 2**63
    assert report.round_seconds is None or 10 <= report.round_seconds <= 7200
    assert report.matched_at is None or report.matched_at.tzinfo is UTC
    if report.call is not None:
        assert report.meeting_digest == digest(report.call.meeting["MeetingId"])
        assert report.call.attendee["AttendeeId"]
        assert report.call.attendee["JoinToken"]
        json.dumps([dict(report.call.meeting), dict(report.call.attendee)]).encode()


@settings(max_examples=400, deadline=None)
@given(st.lists(JSON, max_size=3), st.none() | st.integers(1, 20))
def test_any_event_can_be_read(args: list[object], own: int | None):
    """No payload crashes the reader, and every report can be stored and shown."""
    for report in read_matches(args, UTC_ZONE, own) or []:
        assert_storable(report)
        assert own is None or report.partner.account_id != own


FOLDER = Path(__file__).parents[1] / "payloads" / "platform"
GOOD = [json.loads(path.read_bytes())["args"] for path in sorted(FOLDER.glob("socket_ok_*.json"))]


def mutant(draw: st.DrawFn, value: object) -> object:
    """Return the value with one random place replaced, doubled or removed."""
    if isinstance(value, dict) and value and draw(st.integers(0, 9)):
        name = draw(st.sampled_from(sorted(value)))
        rest = {key: inner for key, inner in value.items() if key != name}
        return rest | ({name: mutant(draw, value[name])} if draw(st.integers(0, 4)) else {})
    if isinstance(value, list) and value and draw(st.integers(0, 9)):
        at = draw(st.integers(0, len(value) - 1))
        return [*value[:at], mutant(draw, value[at]), *value[at + draw(st.integers(0, 1)) :]]
    return draw(JSON)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_mutants_of_good_events(data: st.DataObject):
    """A good event with one random error is read or refused, but never crashes."""
    args = data.draw(st.composite(lambda draw: mutant(draw, draw(st.sampled_from(GOOD))))())
    for report in read_matches(args if isinstance(args, list) else [args], UTC_ZONE, 501) or []:
        assert_storable(report)
        assert report.partner.account_id != 501


@settings(max_examples=200, deadline=None)
@given(JSON, ZONES)
def test_any_answer_can_be_read(answer: object, zone: ZoneInfo):
    """Any answer is read, or refused as unreadable."""
    try:
        for report in schemas.read_match_list(answer, zone):
            assert_storable(report)
    except Unreadable:
        pass
    try:
        for session in schemas.read_sessions(schemas.read_page({"data": [answer]}).rows, zone):
            assert 0 < session.id < 2**63
            session.title.encode()
        schemas.read_page(answer)
    except Unreadable:
        pass
    with contextlib.suppress(Unreadable):
        assert schemas.read_grant(answer, zone).token.get_secret_value().isascii()


@given(
    st.integers(5 * 365, 130 * 365).flatmap(
        lambda day: st.integers(0, 1439).map(
            lambda minute: EPOCH + timedelta(days=day, minutes=minute)
        )
    ),
    ZONES,
)
def test_times_survive_the_round_trip(when: datetime, zone: ZoneInfo):
    """A time written in any zone is read back, or as its twin when an hour occurs twice."""
    local = when.astimezone(zone)
    read = timestamp(local.strftime("%Y/%m/%d %H:%M"), zone)
    assert read is not None
    # Offsets of old had seconds, which no time of the platform can show.
    written = local.replace(second=0)
    assert read == written.replace(fold=0).astimezone(UTC)
    assert local.fold == 1 or abs(read - when) < timedelta(minutes=1)


@given(
    st.sampled_from(Endpoint),
    st.integers(100, 700),
    JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60),
)
def test_every_refusal_has_an_error(endpoint: Endpoint, status: int, body: bytes):
    """Every status and body has an error, which holds the status."""
    error = error_for(endpoint, status, body)
    assert isinstance(error, PlatformError)
    assert error.status == status


@given(st.none() | st.text(max_size=40) | st.integers().map(str))
def test_any_retry_after_can_be_read(header: str | None):
    """A header that is neither seconds nor a date means no wait."""
    seconds = parse_retry_after(header, datetime(2021, 12, 20, tzinfo=UTC))
    assert seconds is None or isinstance(seconds, float)
