from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from accelevents_harness import EVENT, LIST, running

from slackbot.sandbox.accelevents import Knobs

LIMIT = (
    "Your registration type only permits registering for 2 sessions. If you would like to "
    "register for this session please un-register from a different session first."
)


async def test_joining_registers_and_repeats_harmlessly():
    """Joining a live session is 200, the second time as the first."""
    async with running() as here:
        first, second = await here.join(11645), await here.join(11645)
        assert (first.status_code, second.status_code) == (200, 200)
        assert first.json() == second.json()
        assert here.platform.session(11645).registered_count == 13


async def test_a_join_answers_with_the_session():
    """The documented fields are there; a networking session has no call in them."""
    async with running() as here:
        body = (await here.join(11645)).json()
        assert [body[name] for name in ("capacity", "format", "meeting", "attendee")] == [
            40,
            "MEET_UP",
            None,
            None,
        ]
        assert body["currentUserRegisteredEventTicketId"] == [7501]


@pytest.mark.parametrize(("form", "kind"), [("object", dict), ("json_string", str)])
async def test_a_join_may_carry_a_call(form: Any, kind: type):
    """The knob adds Chime objects to the answer, as objects or as JSON strings."""
    async with running(Knobs(join_call=form)) as here:
        body = (await here.join(11645)).json()
        assert (kind, kind) == (type(body["meeting"]), type(body["attendee"]))


@pytest.mark.parametrize(
    ("session_id", "status", "code", "text"),
    [
        (999, 404, 404800, "Session not found!"),
        (11647, 406, 406, "Max user registration capacity reached"),
        (11648, 406, 406, "Your ticket does not permit access to this session"),
        (11649, 406, 406, LIMIT),
        (11650, 407, 4072002, "The time limit for accessing this session is expired."),
        (11651, 407, 4072002, "The time limit for accessing this session is expired."),
    ],
)
async def test_each_refusal_of_the_guides_table(session_id: int, status: Any, code: int, text: str):
    """Every row of the join table comes with its status, code and message."""
    async with running() as here:
        answer = await here.join(session_id)
        assert status == answer.status_code
        assert {"errorCode": code, "message": text} == answer.json()


async def test_a_ticket_refusal_may_come_as_404():
    """The register page's variant: 404 with 4042005."""
    async with running(Knobs(ticket_refusal="register_page")) as here:
        answer = await here.join(11648)
        assert (answer.status_code, answer.json()["errorCode"]) == (404, 4042005)


async def test_a_speaker_may_enter_the_speakers_session():
    """The restriction depends on the ticket, not on the session alone."""
    async with running() as here:
        here.platform.add_attendee("sam", "Sam Speaker", ticket_type="Speaker")
        assert (await here.join(11648, "sam")).status_code == 200


async def test_a_ticket_may_limit_the_number_of_sessions():
    """Joining reaches the limit of one's own ticket."""
    async with running() as here:
        here.platform.add_attendee("kim", "Kim One", max_sessions=1)
        assert (await here.join(11645, "kim")).status_code == 200
        assert (await here.join(11645, "kim")).status_code == 200
        assert LIMIT.replace("2", "1") == (await here.join(11646, "kim")).json()["message"]


async def test_somebody_without_a_ticket_is_not_registered():
    """No ticket, no session: 4068910."""
    async with running() as here:
        here.platform.add_attendee("guest", "No Ticket", ticket_type=None)
        answer = await here.join(11645, "guest")
        assert (answer.status_code, answer.json()["errorCode"]) == (406, 4068910)


async def test_a_session_id_that_is_no_number_is_malformed():
    """A word in place of a session id is a 400."""
    async with running() as here:
        assert (await here.put(f"{EVENT}/session/first")).status_code == 400


async def test_an_unknown_event_is_not_found():
    """A valid token at a wrong slug is 4040200."""
    async with running() as here:
        answer = await here.get("/rest/events/other/session/v2")
        assert (answer.status_code, answer.json()["errorCode"]) == (404, 4040200)


@pytest.mark.parametrize("header", [{}, {"Authorization": ""}, {"Authorization": "made-up"}])
async def test_a_missing_or_unknown_token_is_refused(header: Any):
    """No header, an empty one, an unknown token: 4010101."""
    async with running() as here:
        answer = await here.http.get(LIST, headers=header)
        assert (answer.status_code, answer.json()["errorCode"]) == (401, 4010101)


async def test_tokens_expire():
    """A token works until it expires."""
    clock = [datetime(2030, 5, 1, 9, tzinfo=UTC)]
    async with running(now=lambda: clock[0]) as here:
        header = {"Authorization": here.platform.token_for("ada", timedelta(minutes=1))}
        assert (await here.http.get(LIST, headers=header)).status_code == 200
        clock[0] += timedelta(minutes=1)
        assert (await here.http.get(LIST, headers=header)).status_code == 401


async def test_tokens_can_be_revoked():
    """After a revocation the old token is refused and a new one works."""
    async with running() as here:
        header = here.headers("ada")
        here.platform.revoke("ada")
        assert (await here.http.get(LIST, headers=header)).status_code == 401
        assert (await here.get(LIST)).status_code == 200


async def test_a_locked_account_says_so():
    """A locked account is 4010102, and works again once unlocked."""
    async with running() as here:
        here.platform.lock("ada")
        assert (await here.get(LIST)).json()["errorCode"] == 4010102
        here.platform.lock("ada", locked=False)
        assert (await here.get(LIST)).status_code == 200


@pytest.mark.parametrize(
    ("forms", "bare", "bearer"),
    [({"bare"}, 200, 401), ({"bearer"}, 401, 200), ({"bare", "bearer"}, 200, 200)],
)
async def test_only_the_forms_set_are_accepted(forms: Any, bare: Any, bearer: Any):
    """A token in another form of the Authorization header is refused."""
    async with running(Knobs(auth_forms=forms)) as here:
        token = here.platform.token_for("ada")
        answers = [
            (await here.http.get(LIST, headers={"Authorization": value})).status_code
            for value in (token, f"Bearer {token}")
        ]
        assert [bare, bearer] == answers


@pytest.mark.parametrize(
    ("shape", "body"),
    [
        ("number", '{"errorCode":404800,"message":"Session not found!"}'),
        ("digit_string", '{"code":"404800","error":"Session not found!"}'),
        ("message_only", '{"message":"Session not found!"}'),
        ("plain_text", "Session not found!"),
        ("html", "<html><body><h1>404</h1><p>Session not found!</p></body></html>"),
    ],
)
async def test_error_bodies_have_the_shape_that_is_set(shape: Any, body: Any):
    """The same refusal in every body that a client may meet."""
    async with running(Knobs(error_shape=shape)) as here:
        answer = await here.join(999)
        assert (404, body) == (answer.status_code, answer.text)


async def test_a_route_that_does_not_exist_has_no_error_code():
    """A wrong path or method is answered by the framework, not by the API."""
    async with running() as here:
        wrong_path = await here.get(f"{EVENT}/sessions")
        wrong_method = await here.http.post(f"{EVENT}/session/11645", headers=here.headers())
        assert (wrong_path.status_code, wrong_method.status_code) == (404, 405)
        assert "errorCode" not in wrong_path.json()
