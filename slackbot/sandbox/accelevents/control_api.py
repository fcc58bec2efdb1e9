"""The control API under ``/_sandbox``: knobs, planned faults, and what a test can do, over HTTP.

Every call but the state is a ``POST`` with a JSON body (defaults in brackets); each has a method
of the same effect on ``Platform``. A bad body is answered 400, an unknown person or session 404;
neither changes anything. ``path`` is the beginning of a path, in which ``*`` matches anything;
``method`` is e.g. ``PUT``. Left out, they match every REST call; socket handshakes are matched
only by a ``path``.

``GET /_sandbox/state``
    Return sessions, attendees, statuses, sockets, pairings, events sent and heard, calls and
    dials, without any token, key or join token.
``/_sandbox/dials``: any field of ``Knobs``
    Set these fields, all or none; return all fields.
``/_sandbox/delay``: seconds, path, method, act_first (false)
    Make each matching call wait, then act; a client that hangs up while waiting changes nothing.
    With ``act_first`` calls act at once and are answered late. 0 seconds ends the delay of the
    same path and method.
``/_sandbox/status``: status, times (1), retry_after, code, message, body, headers, path, method,
act_first (false)
    Answer the next matching calls with this status instead of acting; with ``act_first`` they act
    and are still answered with it.
``/_sandbox/broken``: how (truncated), times (1), path, method
    Break the response bodies of the next matching calls, which act: ``truncated``, ``html``,
    ``empty``, ``wrong_shape``, or ``cut``, where the connection breaks in the middle of the body.
``/_sandbox/drop``: attendee, how (cut)
    Close open sockets, of everybody or of one: ``cut`` breaks the connection, ``goodbye`` sends
    a Socket.IO disconnect.
``/_sandbox/restart``: seconds
    Cut all sockets and refuse handshakes with 503 for ``seconds``; 0 accepts them again at once.
``/_sandbox/again``: times (1), pairing (the last), attendee (both)
    Send the event of a pairing again, in the shape set now.
``/_sandbox/swap``: events (2)
    Hold each person's next ``events`` events and send them in reverse; 0 sends those held.
``/_sandbox/emit``: attendee, payload (any JSON), event
    Send this payload to the person's open sockets.
``/_sandbox/pair``: a, b, session_id (11645)
    Pair two people now, registered and available or not.
``/_sandbox/attendees``: key, full_name, user_id, title, company, profile_image,
ticket_type (Standard), max_sessions
    Add an attendee; any name is allowed. ``ticket_type`` null: without a ticket.
``/_sandbox/tokens``: attendee, lifetime_seconds (28800)
    Return ``{"token"}``.
``/_sandbox/keys``: attendee, lifetime_seconds (86400), web_url
    Return ``{"user_key", "magic_link"}``.
``/_sandbox/revoke``: attendee
    Revoke all access tokens of the person; open sockets stay until dropped.
``/_sandbox/lock``: attendee, locked (true)
    Answer calls for this account with 4010102.
``/_sandbox/session``: session_id, when
    Move a session in time: ``past``, ``live`` or ``upcoming``.
``/_sandbox/reset``
    Reset the dials; drop delays, planned answers and refusals; send the events held.
"""

from abc import abstractmethod
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from slackbot.sandbox.accelevents.faults import Broken, Delay, NextStatus
from slackbot.sandbox.accelevents.knobs import Knobs
from slackbot.sandbox.accelevents.people import KEY_LIFETIME, TOKEN_LIFETIME
from slackbot.sandbox.accelevents.platform import FIRST_SESSION, WEB_URL, Platform, When
from slackbot.sandbox.accelevents.refusals import RefusedError
from slackbot.sandbox.accelevents.sockets import DropMode
from slackbot.sandbox.accelevents.state import state

Json = dict[str, object]
Count = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(ge=0)]


class _Action(BaseModel):
    """The body of a POST, and its effect."""

    model_config = ConfigDict(extra="forbid")

    @abstractmethod
    async def apply(self, platform: Platform) -> Json | None:
        """Act on the platform; return the answer, None for ``{"ok": true}``."""


class _SetDelay(Delay, _Action):
    async def apply(self, platform: Platform) -> None:
        platform.faults.delay(self)


class _PlanStatus(NextStatus, _Action):
    async def apply(self, platform: Platform) -> None:
        platform.faults.next_status(self)


class _PlanBroken(Broken, _Action):
    async def apply(self, platform: Platform) -> None:
        platform.faults.broken(self)


class _Drop(_Action):
    attendee: str | None = None
    how: DropMode = "cut"

    async def apply(self, platform: Platform) -> None:
        await platform.drop_sockets(self.attendee, self.how)


class _Restart(_Action):
    seconds: Seconds

    async def apply(self, platform: Platform) -> None:
        await platform.restart_sockets(self.seconds)


class _Again(_Action):
    times: Count = 1
    pairing: Count | None = None
    attendee: str | None = None

    async def apply(self, platform: Platform) -> None:
        await platform.send_again(self.times, number=self.pairing, only=self.attendee)


class _Swap(_Action):
    events: Annotated[int, Field(ge=0)] = 2

    async def apply(self, platform: Platform) -> None:
        await platform.swap(self.events)


class _Emit(_Action):
    attendee: str
    payload: Any
    event: str | None = None

    async def apply(self, platform: Platform) -> None:
        await platform.emit(self.attendee, self.payload, self.event)


class _Pair(_Action):
    a: str
    b: str
    session_id: int = FIRST_SESSION

    async def apply(self, platform: Platform) -> Json:
        pairing = await platform.pair(self.a, self.b, self.session_id)
        return {"pairing": pairing.number}


class _AddAttendee(_Action):
    key: str
    full_name: str
    user_id: int | None = None
    title: str | None = None
    company: str | None = None
    profile_image: str | None = None
    ticket_type: str | None = "Standard"
    max_sessions: int | None = None

    async def apply(self, platform: Platform) -> Json:
        attendee = platform.add_attendee(**self.model_dump())
        return {"key": attendee.key, "user_id": attendee.user_id}


class _NewToken(_Action):
    attendee: str
    lifetime_seconds: float = TOKEN_LIFETIME.total_seconds()

    async def apply(self, platform: Platform) -> Json:
        lifetime = timedelta(seconds=self.lifetime_seconds)
        return {"token": platform.token_for(self.attendee, lifetime)}


class _NewKey(_Action):
    attendee: str
    lifetime_seconds: float = KEY_LIFETIME.total_seconds()
    web_url: str = WEB_URL

    async def apply(self, platform: Platform) -> Json:
        key = platform.user_key_for(self.attendee, timedelta(seconds=self.lifetime_seconds))
        return {"user_key": key, "magic_link": platform.magic_link(key, self.web_url)}


class _Revoke(_Action):
    attendee: str

    async def apply(self, platform: Platform) -> None:
        platform.revoke(self.attendee)


class _Lock(_Action):
    attendee: str
    locked: bool = True

    async def apply(self, platform: Platform) -> None:
        platform.lock(self.attendee, locked=self.locked)


class _MoveSession(_Action):
    session_id: int
    when: When

    async def apply(self, platform: Platform) -> None:
        platform.move_session(self.session_id, self.when)


class _Reset(_Action):
    async def apply(self, platform: Platform) -> None:
        await platform.reset()


_ACTIONS: dict[str, type[_Action]] = {
    "delay": _SetDelay,
    "status": _PlanStatus,
    "broken": _PlanBroken,
    "drop": _Drop,
    "restart": _Restart,
    "again": _Again,
    "swap": _Swap,
    "emit": _Emit,
    "pair": _Pair,
    "attendees": _AddAttendee,
    "tokens": _NewToken,
    "keys": _NewKey,
    "revoke": _Revoke,
    "lock": _Lock,
    "session": _MoveSession,
    "reset": _Reset,
}


def control_api(platform: Platform) -> Starlette:
    """Return the application behind ``/_sandbox``."""

    async def set_knobs(request: Request) -> Response:
        patch = await request.json()
        platform.set_knobs(Knobs.model_validate(platform.knobs.model_dump() | patch))
        return JSONResponse(platform.knobs.model_dump(mode="json"))

    async def show_state(_request: Request) -> Response:
        return JSONResponse(state(platform))

    return Starlette(
        routes=[
            Route("/_sandbox/state", show_state, methods=["GET"]),
            Route("/_sandbox/dials", set_knobs, methods=["POST"]),
            *(_route(platform, name, action) for name, action in _ACTIONS.items()),
        ],
        exception_handlers={
            ValueError: _bad_body,  # pydantic's and json's errors are ValueErrors too
            LookupError: _unknown,
            RefusedError: _unknown,
        },
    )


def _route(platform: Platform, name: str, action: type[_Action]) -> Route:
    async def endpoint(request: Request) -> Response:
        parsed = action.model_validate_json(await request.body() or b"{}")
        return JSONResponse(await parsed.apply(platform) or {"ok": True})

    return Route(f"/_sandbox/{name}", endpoint, methods=["POST"])


async def _bad_body(_request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 400)


async def _unknown(_request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 404)
