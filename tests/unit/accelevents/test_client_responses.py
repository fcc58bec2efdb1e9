"""Responses as the client reads them, over real HTTP."""

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from slackbot.accelevents.client import AcceleventsClient, PlatformOptions
from slackbot.accelevents.event_zones import EventZones
from slackbot.domain import errors
from slackbot.domain.model import EventSlug, SessionId, SessionScope

from .platform_server import LinkFactory, PlatformServer, call, page, response

FOLDER = Path(__file__).parents[2] / "payloads" / "platform"
ERRORS = sorted(FOLDER.glob("error_*.json"))


# --- responses -----------------------------------------------------------------------------------


async def test_all_pages(
    platform: PlatformServer, client: AcceleventsClient, make_link: LinkFactory
):
    """Pages are fetched until all rows are there, and each session is returned once."""
    platform.responses = [
        page(range(1, 101), 230),
        page(range(100, 200), 230),
        page(range(200, 231), 230),
    ]
    sessions = await client.sessions(make_link(), SessionScope.LIVE)
    assert [session.id for session in sessions] == list(range(1, 231))
    assert [call.query_params["page"] for call in platform.requests] == ["0", "1", "2"]


async def test_a_page_that_is_too_large_is_asked_for_in_parts(
    platform: PlatformServer, client: AcceleventsClient, make_link: LinkFactory
):
    """The sessions before it are not read again, and none is left out."""
    large = response(body=b" " * (4 * 2**20))
    parts = [page(range(first, first + 25), 200) for first in range(101, 201, 25)]
    platform.responses = [page(range(1, 101), 200), large, large, *parts]
    sessions = await client.sessions(make_link(), SessionScope.LIVE)
    assert [session.id for session in sessions] == list(range(1, 201))
    asked = [(call.query_params["page"], call.query_params["size"]) for call in platform.requests]
    assert asked == [
        *(("0", "100"), ("1", "100"), ("2", "50")),
        *((str(number), "25") for number in range(4, 8)),
    ]


async def test_a_small_page_that_is_too_large_is_refused(
    platform: PlatformServer, client: AcceleventsClient, make_link: LinkFactory
):
    """A server that ignores the size is asked three times in all."""
    platform.responses = [response(body=b" " * (4 * 2**20))]
    with pytest.raises(errors.Unreadable):
        await client.sessions(make_link(), SessionScope.LIVE)
    assert [call.query_params["size"] for call in platform.requests] == ["100", "50", "25"]


@pytest.mark.parametrize("total", [None, 10_000])
async def test_an_empty_page_ends_the_list(
    platform: PlatformServer, client: AcceleventsClient, make_link: LinkFactory, total: int | None
):
    """An empty page ends the list, even if more rows were promised."""
    platform.responses = [page(range(1, 101), total), page(range(0), total)]
    assert len(await client.sessions(make_link(), SessionScope.PAST)) == 100
    assert len(platform.requests) == 2


async def test_a_list_without_pages(
    platform: PlatformServer, client: AcceleventsClient, make_link: LinkFactory
):
    """A platform that answers every page with the same rows is not asked a third time."""
    platform.responses = [page(range(1, 6), 10_000)]
    assert len(await client.sessions(make_link(), SessionScope.UPCOMING)) == 5
    assert len(platform.requests) == 2


async def test_registered_sessions(
    platform: PlatformServer, client: AcceleventsClient, make_link: LinkFactory
):
    """A session in the list of registered sessions counts as registered."""
    platform.responses = [page(range(1, 3), 2)]
    assert [s.registered for s in await client.registered_sessions(make_link())] == [True, True]


@pytest.mark.parametrize("named", ["live", "registered", "matches"])
async def test_an_error_in_a_list_is_an_error(
    platform: PlatformServer, client: AcceleventsClient, make_link: LinkFactory, named: str
):
    """A list that says why it has no rows is no empty list, and is not asked for again."""
    reason = "Networking is closed by the organiser until 3 pm"
    platform.responses = [response(body={"recordsTotal": 0, "data": [], "error": reason})]
    read = {
        "live": lambda: client.sessions(make_link(), SessionScope.LIVE),
        "registered": lambda: client.registered_sessions(make_link()),
        "matches": lambda: client.matches(make_link(), SessionId(7)),
    }
    with pytest.raises(errors.Rejected) as refused:
        await read[named]()
    assert refused.value.reason == reason
    assert len(platform.requests) == 1


async def test_what_a_card_tells_is_read(
    platform: PlatformServer, client: AcceleventsClient, make_link: LinkFactory
):
    """The first line of a description in HTML, the speakers, the recording, the invitation."""
    row = {
        "sessionId": 7,
        "description": "<p></p><p>Five minutes each.&nbsp;Bring&nbsp;one.</p><p>More</p>",
        "speakerList": [{"firstName": "Ada", "lastName": "Example"}, {"id": 3}, None],
        "recordSession": True,
        "sessionVisibilityType": "PRIVATE",
    }
    plain = {"sessionId": 8, "recordSession": "maybe", "sessionVisibilityType": "PUBLIC"}
    platform.responses = [response(body={"data": [row, plain], "recordsFiltered": 2})]
    session, other = await client.sessions(make_link(), SessionScope.LIVE)
    assert session.description == "Five minutes each. Bring one."
    assert (session.speakers, session.recorded, session.by_invitation) == (
        ("Ada Example",),
        True,
        True,
    )
    assert (other.description, other.speakers) == (None, ())
    assert (other.recorded, other.by_invitation) == (False, False)


async def test_times_are_in_the_configured_zone(
    platform: PlatformServer, clock: Any, make_link: LinkFactory
):
    """Times without a zone are read in the configured zone."""
    zones = EventZones(ZoneInfo("America/New_York"))
    client = AcceleventsClient(PlatformOptions(api_url=platform.url, zones=zones), clock)
    row = {"sessionId": 1, "startTime": "2021/12/20 05:36"}
    platform.responses = [response(body={"data": [row], "recordsFiltered": 1})]
    (session,) = await client.sessions(make_link(), SessionScope.LIVE)
    await client.aclose()
    assert session.starts_at is not None
    assert session.starts_at.isoformat() == "2021-12-20T10:36:00+00:00"


async def test_an_event_may_have_a_zone_of_its_own(
    platform: PlatformServer, clock: Any, make_link: LinkFactory
):
    """Sessions and match lists of an event are read in its zone, others in the default."""
    zones = EventZones(by_event={EventSlug("expo"): ZoneInfo("Asia/Tokyo")})
    client = AcceleventsClient(PlatformOptions(api_url=platform.url, zones=zones), clock)
    hours = []
    for event in ("expo", "demo"):
        link = make_link(event=EventSlug(event))
        row = {"sessionId": 1, "startTime": "2021/12/20 09:00"}
        platform.responses = [response(body={"data": [row], "recordsFiltered": 1})]
        (session,) = await client.sessions(link, SessionScope.LIVE)
        (mine,) = await client.registered_sessions(link)
        platform.responses = [response(body=[{"fullName": "Zoë", "matTimeDate": row["startTime"]}])]
        (match,) = await client.matches(link, 1)
        hours.append({time.hour for time in (session.starts_at, mine.starts_at, match.matched_at)})
    await client.aclose()
    assert hours == [{0}, {9}]


@pytest.mark.parametrize("path", ERRORS, ids=lambda path: path.stem)
async def test_every_refusal(
    platform: PlatformServer, client: AcceleventsClient, make_link: LinkFactory, path: Path
):
    """Each refusal of the payload folder raises its error."""
    case = json.loads(path.read_bytes())  # noqa: ASYNC240 a small file
    platform.responses = [response(case["status"], case["body"], location="/elsewhere")]
    with pytest.raises(errors.PlatformError) as caught:
        await call(client, case["call"], make_link())
    assert type(caught.value) is getattr(errors, case["expect"])
    assert caught.value.permitted == case.get("permitted")


@pytest.mark.parametrize("name", ["login", "sessions", "registered", "matches"])
@pytest.mark.parametrize("body", ["", "<html></html>", '{"data": ', "7", '{"data": 5}', "[" * 9999])
async def test_unreadable_responses(
    platform: PlatformServer,
    client: AcceleventsClient,
    make_link: LinkFactory,
    name: str,
    body: str,
):
    """A 200 with another body than expected is an error."""
    platform.responses = [response(body=body)]
    with pytest.raises(errors.Unreadable):
        await call(client, name, make_link())


@pytest.mark.parametrize("name", ["join", "status"])
@pytest.mark.parametrize("body", ["", "OK", '{"sessionId": 1}', "null"])
async def test_a_change_accepts_any_body(
    platform: PlatformServer,
    client: AcceleventsClient,
    make_link: LinkFactory,
    name: str,
    body: str,
):
    """A change succeeds with a 200, whatever its body."""
    platform.responses = [response(body=body)]
    await call(client, name, make_link())


@pytest.mark.parametrize("name", ["join", "status"])
async def test_a_web_page_is_an_error(
    platform: PlatformServer, client: AcceleventsClient, make_link: LinkFactory, name: str
):
    """A 200 with a web page does not come from the API, and is an error."""
    platform.responses = [response(body="\n<!doctype html><html></html>")]
    with pytest.raises(errors.Unreadable):
        await call(client, name, make_link())


async def test_an_oversized_body(
    platform: PlatformServer, client: AcceleventsClient, make_link: LinkFactory
):
    """An oversized body is not read to its end."""
    platform.responses = [response(body=b"[" + b" " * (9 * 2**20) + b"]")]
    with pytest.raises(errors.Unreadable):
        await client.matches(make_link(), 1)


@pytest.mark.parametrize("name", ["sessions", "registered", "matches"])
async def test_too_many_rows_are_not_read(
    platform: PlatformServer, client: AcceleventsClient, make_link: LinkFactory, name: str
):
    """A list that is much longer than what was asked for is refused as a whole."""
    rows = [{"sessionId": n, "fullName": f"Guest {n}"} for n in range(1, 602)]
    platform.responses = [response(body={"data": rows, "recordsFiltered": 601})]
    with pytest.raises(errors.Unreadable):
        await call(client, name, make_link())
    assert len(platform.requests) == 1


@pytest.mark.parametrize(
    ("status", "kind"), [(401, errors.TokenRefused), (503, errors.Unavailable)]
)
async def test_a_refusal_with_too_large_a_body_is_judged_by_its_status(
    platform: PlatformServer,
    client: AcceleventsClient,
    make_link: LinkFactory,
    status: int,
    kind: type[errors.PlatformError],
):
    """What cannot be read says nothing; the status does."""
    platform.responses = [response(status, b"{}," * 10**6)]
    with pytest.raises(kind):
        await call(client, "join", make_link())
