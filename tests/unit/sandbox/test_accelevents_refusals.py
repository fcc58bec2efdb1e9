from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from accelevents_visit import EVENT, LIST, visit

from slackbot.sandbox.accelevents import Dials

LIMIT = (
    "Your registration type only permits registering for 2 sessions. If you would like to "
    "register for this session please un-register from a different session first."
)


async def test_joining_registers_and_repeats_harmlessly():
    """A live session is joined with 200, the second time as the first."""
    async with visit() as here:
        first, second = await here.join(11645), await here.join(11645)
        assert (first.status_code, second.status_code) == (200, 200)
        assert first.json() == second.json()
        assert here.world.session(11645).registered_count == 13


async def test_a_join_answers_with_the_session():
    """The documented fields are there; a networking session has no call in them."""
    async with visit() as here:
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
    """The dial gives the answer Chime objects, or the same as JSON in strings."""
    async with visit(Dials(join_call=form)) as here:
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
    """Every row of the join table comes with its status, code and words."""
    async with visit() as here:
        answer = await here.join(session_id)
        assert status == answer.status_code
        assert {"errorCode": code, "message": text} == answer.json()


async def test_a_ticket_refusal_may_come_as_404():
    """The register page's variant: 404 with 4042005."""
    async with visit(Dials(ticket_refusal="register_page")) as here:
        answer = await here.join(11648)
        assert (answer.status_code, answer.json()["errorCode"]) == (404, 4042005)


async def test_a_speaker_may_enter_the_speakers_session():
    """The restriction is about the ticket, not about the session alone."""
    async with visit() as here:
        here.world.add_attendee("sam", "Sam Speaker", ticket_type="Speaker")
        assert (await here.join(11648, "sam")).status_code == 200


async def test_a_ticket_may_be_good_for_a_number_of_sessions():
    """The limit of one's own ticket is reached by joining."""
    async with visit() as here:
        here.world.add_attendee("kim", "Kim One", max_sessions=1)
        assert (await here.join(11645, "kim")).status_code == 200
        assert (await here.join(11645, "kim")).status_code == 200
        assert LIMIT.replace("2", "1") == (await here.join(11646, "kim")).json()["message"]


async def test_somebody_without_a_ticket_is_not_registered():
    """No ticket, no session: 4068910."""
    async with visit() as here:
        here.world.add_attendee("guest", "No Ticket", ticket_type=None)
        answer = await here.join(11645, "guest")
        assert (answer.status_code, answer.json()["errorCode"]) == (406, 4068910)


async def test_a_session_id_that_is_no_number_is_malformed():
    """Words in place of a session id are a 400."""
    async with visit() as here:
        assert (await here.put(f"{EVENT}/session/first")).status_code == 400


async def test_an_unknown_event_is_not_found():
    """A good token at a wrong slug: 4040200."""
    async with visit() as here:
        answer = await here.get("/rest/events/other/session/v2")
        assert (answer.status_code, answer.json()["errorCode"]) == (404, 4040200)


@pytest.mark.parametrize("header", [{}, {"Authorization": ""}, {"Authorization": "made-up"}])
async def test_without_a_good_token_nothing_is_answered(header: Any):
    """No header, an empty one, an unknown token: 4010101."""
    async with visit() as here:
        answer = await here.http.get(LIST, headers=header)
        assert (answer.status_code, answer.json()["errorCode"]) == (401, 4010101)


async def test_tokens_expire():
    """A token works until its time, and not after it."""
    clock = [datetime(2030, 5, 1, 9, tzinfo=UTC)]
    async with visit(now=lambda: clock[0]) as here:
        header = {"Authorization": here.world.token_for("ada", timedelta(minutes=1))}
        assert (await here.http.get(LIST, headers=header)).status_code == 200
        clock[0] += timedelta(minutes=1)
        assert (await here.http.get(LIST, headers=header)).status_code == 401


async def test_tokens_can_be_revoked():
    """After a revocation the old token is refused and a new one works."""
    async with visit() as here:
        header = here.headers("ada")
        here.world.revoke("ada")
        assert (await here.http.get(LIST, headers=header)).status_code == 401
        assert (await here.get(LIST)).status_code == 200


async def test_a_locked_account_says_so():
    """4010102 while locked, and nothing lasting after it."""
    async with visit() as here:
        here.world.lock("ada")
        assert (await here.get(LIST)).json()["errorCode"] == 4010102
        here.world.lock("ada", locked=False)
        assert (await here.get(LIST)).status_code == 200


@pytest.mark.parametrize(
    ("forms", "bare", "bearer"),
    [({"bare"}, 200, 401), ({"bearer"}, 401, 200), ({"bare", "bearer"}, 200, 200)],
)
async def test_the_header_is_read_in_the_forms_that_are_set(forms: Any, bare: Any, bearer: Any):
    """Only the accepted forms of the Authorization header open the door."""
    async with visit(Dials(auth_forms=forms)) as here:
        token = here.world.token_for("ada")
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
async def test_error_bodies_come_in_the_shape_that_is_set(shape: Any, body: Any):
    """The same refusal, in every body that has been seen or is feared."""
    async with visit(Dials(error_shape=shape)) as here:
        answer = await here.join(999)
        assert (404, body) == (answer.status_code, answer.text)


async def test_a_route_that_does_not_exist_has_no_error_code():
    """A wrong path and a wrong method look like a framework's answer, not like the API's."""
    async with visit() as here:
        wrong_path = await here.get(f"{EVENT}/sessions")
        wrong_method = await here.http.post(f"{EVENT}/session/11645", headers=here.headers())
        assert (wrong_path.status_code, wrong_method.status_code) == (404, 405)
        assert "errorCode" not in wrong_path.json()
