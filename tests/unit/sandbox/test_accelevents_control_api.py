import asyncio
from typing import Any

import httpx
import pytest
import socketio
from accelevents_harness import EVENT, FIRST, LIST, POLL, running
from pydantic import ValidationError

from slackbot.sandbox.accelevents import Accelevents, Knobs, control_api


def test_every_control_is_documented():
    """Each path under /_sandbox stands in the module's documentation."""
    routes = control_api.control_api(Accelevents()).routes
    assert [route.path for route in routes if f"{route.path}``" not in control_api.__doc__] == []


def test_a_knob_refuses_unknown_values():
    """A misspelt value is an error where it is set, not a silent default."""
    for wrong in (
        {"shape": "spiral"},
        {"zone": "Mars/Olympus"},
        {"auth_forms": {"basic"}},
        {"status_request": "/rest/status"},
        {"colour": "blue"},
    ):
        with pytest.raises(ValidationError):
            Knobs(**wrong)


async def test_knobs_are_set_over_http():
    """A patch changes the fields it names and returns all; a bad one changes nothing."""
    async with running() as here:
        answer = await here.control("dials", shape="bare", auth_forms=["bearer"])
        assert (answer.json()["shape"], answer.json()["auth_forms"]) == ("bare", ["bearer"])
        assert (await here.get(LIST)).status_code == 401
        assert (await here.control("dials", shape="flat", zone="Mars/Olympus")).status_code == 400
        assert here.platform.knobs.shape == "bare"


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("delay", {}, 400),
        ("status", {"status": 200}, 400),
        ("broken", {"how": "gently"}, 400),
        ("drop", {"attendee": "ada", "hard": True}, 400),
        ("attendees", {"key": "ada", "full_name": "Again"}, 400),
        ("tokens", {"attendee": "nobody"}, 404),
        ("session", {"session_id": 1, "when": "past"}, 404),
        ("again", {}, 404),
        ("emit", {"attendee": "nobody", "payload": 1}, 404),
    ],
)
async def test_bad_bodies_are_answered(name: str, body: Any, status: Any):
    """400 for an unreadable body, 404 for an unknown person or thing."""
    async with running() as here:
        assert status == (await here.control(name, **body)).status_code


async def test_a_body_that_is_not_json_is_400():
    """The patch of the knobs and the other bodies alike."""
    async with running() as here:
        for name in ("dials", "delay"):
            answer = await here.http.post(f"/_sandbox/{name}", content=b"{")
            assert answer.status_code == 400


async def test_an_abandoned_delayed_call_has_no_effect():
    """The client hangs up while the platform waits: nobody is registered."""
    async with running() as here:
        await here.control("delay", seconds=3600, path=f"{EVENT}/session/", method="PUT")
        assert (await here.get(LIST)).status_code == 200
        await here.abandon(f"{EVENT}/session/{FIRST}", lambda: len(here.platform.calls) == 2)
        await here.control("delay", seconds=0, path=f"{EVENT}/session/", method="PUT")
        assert here.platform.session(FIRST).registered == {}
        assert (await here.join(FIRST)).status_code == 200


async def test_a_late_answer_may_have_taken_effect():
    """With ``act_first`` the client hangs up, but is registered."""
    async with running() as here:
        await here.control("delay", seconds=3600, path=f"{EVENT}/session/", act_first=True)
        registered = here.platform.session(FIRST).registered
        await here.abandon(f"{EVENT}/session/{FIRST}", lambda: registered)
        assert list(registered) == ["ada"]
        assert here.platform.calls[0].status is None


async def test_a_short_delay_ends_in_the_answer():
    """A delay does not change the answer, and the longest matching path decides."""
    async with running() as here:
        await here.control("delay", seconds=3600)
        await here.control("delay", seconds=0.01, path="/rest/events/*/session/v2")
        assert (await here.get(LIST)).status_code == 200


async def test_the_next_calls_get_a_planned_status():
    """The given number of times, with Retry-After and code, then the route's own answer."""
    async with running() as here:
        await here.control(
            "status", status=429, times=2, retry_after=1, code=4290001, message="slow"
        )
        first, second, third = [await here.get(LIST) for _ in range(3)]
        assert [answer.status_code for answer in (first, second, third)] == [429, 429, 200]
        assert first.headers["retry-after"] == "1"
        assert second.json() == {"errorCode": 4290001, "message": "slow"}


async def test_a_planned_status_may_have_any_body_and_headers():
    """A redirect by a proxy, with a page instead of JSON."""
    async with running() as here:
        here.platform.next_status(
            302, body="<html>moved</html>", headers={"location": "/", "content-type": "text/html"}
        )
        answer = await here.get(LIST)
        assert (
            answer.status_code,
            answer.headers["location"],
            answer.text,
        ) == (302, "/", "<html>moved</html>")


@pytest.mark.parametrize(("act_first", "registered"), [(False, []), (True, ["ada"])])
async def test_a_failed_join_may_have_taken_effect(act_first: bool, registered: list[str]):
    """A 500 does not say what happened: both cases can be set up."""
    async with running() as here:
        await here.control("status", status=500, path=f"{EVENT}/session/", act_first=act_first)
        assert (await here.join(FIRST)).status_code == 500
        assert registered == list(here.platform.session(FIRST).registered)


async def test_a_planned_status_can_refuse_a_handshake():
    """With the socket's path handshakes are refused; without a path only REST calls are."""
    async with running() as here:
        await here.control("status", status=503)
        await here.control("status", status=502, path="/socket.io", times=2)
        await here.control("delay", seconds=0.01, path="/socket.io")
        assert (await here.http.get(POLL)).status_code == 502
        with pytest.raises(socketio.exceptions.ConnectionError):
            await here.listen("ada")
        await here.listen("ada")
        assert (await here.get(LIST)).status_code == 503


@pytest.mark.parametrize("how", ["truncated", "html", "empty"])
async def test_the_next_bodies_can_be_unreadable(how: str):
    """Status 200 with a body that is not JSON, once."""
    async with running() as here:
        await here.control("broken", how=how)
        broken = await here.get(LIST)
        assert broken.status_code == 200
        with pytest.raises(ValueError):
            broken.json()
        assert "data" in (await here.get(LIST)).json()


async def test_a_body_can_have_the_wrong_shape():
    """Readable JSON that is not a list of sessions."""
    async with running() as here:
        here.platform.broken(how="wrong_shape", path=LIST)
        assert (await here.join(FIRST)).json()["capacity"] == 40
        assert (await here.get(LIST)).json()["data"] == {"unexpected": [1, None, "two"]}


async def test_the_connection_can_break_within_a_body():
    """The response begins and does not end; the next one is complete."""
    async with running() as here:
        await here.control("broken", how="cut", path=LIST)
        with pytest.raises(httpx.RemoteProtocolError):
            await here.get(LIST)
        assert (await here.get(LIST)).status_code == 200


async def test_people_and_their_credentials_are_made_over_http():
    """A new person gets a token and a magic link that work; revoking and locking end them."""
    async with running() as here:
        new = await here.control("attendees", key="kim", full_name="<@U1> *Kim*", title="Host")
        assert new.json() == {"key": "kim", "user_id": 503}
        token = (await here.control("tokens", attendee="kim")).json()["token"]
        key = (await here.control("keys", attendee="kim", web_url="https://e.example")).json()
        assert key["magic_link"].startswith(
            f"https://e.example/e/demo/portal?userKey={key['user_key']}&"
        )
        header = {"Authorization": token}
        assert (await here.http.get(LIST, headers=header)).status_code == 200
        await here.control("lock", attendee="kim")
        assert (await here.http.get(LIST, headers=header)).json()["errorCode"] == 4010102
        await here.control("lock", attendee="kim", locked=False)
        await here.control("revoke", attendee="kim")
        assert (await here.http.get(LIST, headers=header)).json()["errorCode"] == 4010101


async def test_sockets_and_events_are_controlled_over_http():
    """Pair, again, swap, emit, drop and restart, as a person with curl would."""
    async with running() as here:
        ada = await here.listen("ada")
        assert (await here.control("pair", a="ada", b="priya")).json() == {"pairing": 1}
        await here.control("again", times=2, attendee="ada", pairing=1)
        assert len({str(await ada.next()) for _ in range(3)}) == 1
        await here.control("swap")
        await here.control("emit", attendee="ada", payload="one")
        await here.control("emit", attendee="ada", payload="two")
        assert [await ada.next() for _ in range(2)] == ["two", "one"]
        await here.control("drop", attendee="ada", how="goodbye")
        await asyncio.wait_for(ada.gone.wait(), 10)
        second = await here.listen("ada")
        await here.control("restart", seconds=3600)
        await asyncio.wait_for(second.gone.wait(), 10)


async def test_sessions_are_moved_over_http():
    """A live session becomes a past one."""
    async with running() as here:
        await here.control("session", session_id=FIRST, when="past")
        assert (await here.join(FIRST)).status_code == 407


async def test_the_state_shows_everything_but_secrets():
    """Sessions, people, sockets, pairings and calls are there; no token of any kind is."""
    async with running() as here:
        token = here.platform.token_for("ada")
        await here.listen("ada", auth={"token": token})
        await here.available("ada", "priya")
        shown = await here.http.get("/_sandbox/state")
        state = shown.json()
        assert state["sockets"] == [{"attendee": "ada", "transport": "websocket", "ready": True}]
        assert state["pairings"][0]["sides"] == ["ada", "priya"]
        assert {"attendee": "ada", "session_id": FIRST, "status": "IN_MEETING"} in state["statuses"]
        assert [call["method"] for call in state["calls"]] == ["PUT"] * 4
        (pairing,) = here.platform.pairings
        secrets = [token, *(str(each["JoinToken"]) for each in pairing.chime_attendees.values())]
        assert [secret for secret in secrets if secret in shown.text] == []


async def test_a_reset_ends_all_faults():
    """The platform behaves as at the start; people and pairings stay."""
    async with running() as here:
        await here.platform.pair("ada", "priya")
        await here.control("dials", shape="flat", frozen=True)
        await here.control("status", status=503, times=9)
        await here.control("restart", seconds=3600)
        await here.control("reset")
        assert Knobs() == here.platform.knobs
        assert len(await here.matches("ada")) == 1
        await here.listen("ada")
