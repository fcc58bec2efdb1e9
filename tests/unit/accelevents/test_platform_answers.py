"""What the client makes of answers, over real HTTP."""

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from platform_peer import MakeLink, Peer, answer, call, page

from slackbot.accelevents.client import AcceleventsClient, PlatformOptions
from slackbot.domain import errors
from slackbot.domain.model import SessionScope

FOLDER = Path(__file__).parents[2] / "payloads" / "platform"
ERRORS = sorted(FOLDER.glob("error_*.json"))


# --- what comes back -----------------------------------------------------------------------------


async def test_all_pages(peer: Peer, client: AcceleventsClient, a_link: MakeLink):
    """Pages are asked for until as many rows came as there are, each session once."""
    peer.answers = [
        page(range(1, 101), 230),
        page(range(100, 200), 230),
        page(range(200, 231), 230),
    ]
    sessions = await client.sessions(a_link(), SessionScope.LIVE)
    assert [session.id for session in sessions] == list(range(1, 231))
    assert [call.query_params["page"] for call in peer.calls] == ["0", "1", "2"]


@pytest.mark.parametrize("in_all", [None, 10_000])
async def test_pages_end(
    peer: Peer, client: AcceleventsClient, a_link: MakeLink, in_all: int | None
):
    """An empty page ends the list, whatever number of rows was promised."""
    peer.answers = [page(range(1, 101), in_all), page(range(0), in_all)]
    assert len(await client.sessions(a_link(), SessionScope.PAST)) == 100
    assert len(peer.calls) == 2


async def test_a_list_that_knows_no_pages(peer: Peer, client: AcceleventsClient, a_link: MakeLink):
    """A platform that answers every page with the same rows is asked no third time."""
    peer.answers = [page(range(1, 6), 10_000)]
    assert len(await client.sessions(a_link(), SessionScope.UPCOMING)) == 5
    assert len(peer.calls) == 2


async def test_ones_own_sessions_count_as_registered(
    peer: Peer, client: AcceleventsClient, a_link: MakeLink
):
    """What stands in the list of registered sessions is registered, said or not."""
    peer.answers = [page(range(1, 3), 2)]
    assert [s.registered for s in await client.registered_sessions(a_link())] == [True, True]


async def test_times_are_of_the_configured_zone(peer: Peer, clock: Any, a_link: MakeLink):
    """Times without a zone are read in the configured one."""
    options = PlatformOptions(api_url=peer.url, timezone=ZoneInfo("America/New_York"))
    client = AcceleventsClient(options, clock)
    row = {"sessionId": 1, "startTime": "2021/12/20 05:36"}
    peer.answers = [answer(body={"data": [row], "recordsFiltered": 1})]
    (session,) = await client.sessions(a_link(), SessionScope.LIVE)
    await client.aclose()
    assert session.starts_at is not None
    assert session.starts_at.isoformat() == "2021-12-20T10:36:00+00:00"


@pytest.mark.parametrize("path", ERRORS, ids=lambda path: path.stem)
async def test_every_refusal_over_the_wire(
    peer: Peer, client: AcceleventsClient, a_link: MakeLink, path: Path
):
    """Each refusal of the payload folder arrives as its error."""
    case = json.loads(path.read_bytes())  # noqa: ASYNC240 a small file
    peer.answers = [answer(case["status"], case["body"], location="/elsewhere")]
    with pytest.raises(errors.PlatformError) as caught:
        await call(client, case["call"], a_link())
    assert type(caught.value) is getattr(errors, case["expect"])
    assert caught.value.permitted == case.get("permitted")


@pytest.mark.parametrize("name", ["login", "sessions", "registered", "matches"])
@pytest.mark.parametrize("body", ["", "<html></html>", '{"data": ', "7", '{"data": 5}', "[" * 9999])
async def test_answers_that_cannot_be_read(
    peer: Peer, client: AcceleventsClient, a_link: MakeLink, name: str, body: str
):
    """A 200 that is not what was asked for is no success."""
    peer.answers = [answer(body=body)]
    with pytest.raises(errors.Unreadable):
        await call(client, name, a_link())


@pytest.mark.parametrize("name", ["join", "status"])
@pytest.mark.parametrize("body", ["", "OK", '{"sessionId": 1}', "null"])
async def test_a_change_is_done_with_any_answer(
    peer: Peer, client: AcceleventsClient, a_link: MakeLink, name: str, body: str
):
    """For a change, 200 is all that counts."""
    peer.answers = [answer(body=body)]
    await call(client, name, a_link())


@pytest.mark.parametrize("name", ["join", "status"])
async def test_a_web_page_is_no_change(
    peer: Peer, client: AcceleventsClient, a_link: MakeLink, name: str
):
    """A 200 with a web page comes from somewhere else than the API."""
    peer.answers = [answer(body="\n<!doctype html><html></html>")]
    with pytest.raises(errors.Unreadable):
        await call(client, name, a_link())


async def test_a_body_without_end(peer: Peer, client: AcceleventsClient, a_link: MakeLink):
    """A body beyond all reason is not read to its end."""
    peer.answers = [answer(body=b"[" + b" " * (9 * 2**20) + b"]")]
    with pytest.raises(errors.Unreadable):
        await client.matches(a_link(), 1)
