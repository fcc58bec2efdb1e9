"""The dials over HTTP: ``/_sandbox/…``. What each does stands in ``dials.py``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from slackbot.sandbox.accelevents.dials import Dials
from slackbot.sandbox.accelevents.faults import Broken, Delay, NextStatus
from slackbot.sandbox.accelevents.refusals import RefusedError
from slackbot.sandbox.accelevents.state import state

if TYPE_CHECKING:
    from slackbot.sandbox.accelevents.world import Accelevents

Seconds = Annotated[float, Field(ge=0)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Reset(_Body):
    pass


class _Someone(_Body):
    attendee: str


class _Drop(_Body):
    attendee: str | None = None
    how: Literal["cut", "goodbye"] = "cut"


class _Restart(_Body):
    seconds: Seconds


class _Again(_Body):
    times: Annotated[int, Field(ge=1)] = 1
    pairing: Annotated[int, Field(ge=1)] | None = None
    attendee: str | None = None


class _Swap(_Body):
    events: Annotated[int, Field(ge=0)] = 2


class _Emit(_Someone):
    payload: Any
    event: str | None = None


class _Pair(_Body):
    a: str
    b: str
    session_id: int = 11645


class _NewAttendee(_Body):
    key: str
    full_name: str
    user_id: int | None = None
    title: str | None = None
    company: str | None = None
    profile_image: str | None = None
    ticket_type: str | None = "Standard"
    max_sessions: int | None = None


class _Token(_Someone):
    lifetime_seconds: float = 8 * 3600


class _Key(_Someone):
    lifetime_seconds: float = 24 * 3600
    web_url: str = "https://www.accelevents.com"


class _Lock(_Someone):
    locked: bool = True


class _Session(_Body):
    session_id: int
    when: Literal["past", "live", "upcoming"]


async def _set_delay(world: Accelevents, body: Delay) -> None:
    world.faults.delay(body)


async def _plan_status(world: Accelevents, body: NextStatus) -> None:
    world.faults.next_status(body)


async def _plan_broken(world: Accelevents, body: Broken) -> None:
    world.faults.broken(body)


async def _drop(world: Accelevents, body: _Drop) -> None:
    await world.drop_sockets(body.attendee, body.how)


async def _restart(world: Accelevents, body: _Restart) -> None:
    await world.restart_sockets(body.seconds)


async def _again(world: Accelevents, body: _Again) -> None:
    await world.send_again(body.times, number=body.pairing, only=body.attendee)


async def _swap(world: Accelevents, body: _Swap) -> None:
    await world.swap(body.events)


async def _emit(world: Accelevents, body: _Emit) -> None:
    await world.emit(body.attendee, body.payload, body.event)


async def _pair(world: Accelevents, body: _Pair) -> object:
    pairing = await world.pair(body.a, body.b, body.session_id)
    return {"pairing": pairing.number}


async def _add_attendee(world: Accelevents, body: _NewAttendee) -> object:
    attendee = world.add_attendee(**body.model_dump())
    return {"key": attendee.key, "user_id": attendee.user_id}


async def _new_token(world: Accelevents, body: _Token) -> object:
    token = world.token_for(body.attendee, timedelta(seconds=body.lifetime_seconds))
    return {"token": token}


async def _new_key(world: Accelevents, body: _Key) -> object:
    key = world.user_key_for(body.attendee, timedelta(seconds=body.lifetime_seconds))
    return {"user_key": key, "magic_link": world.magic_link(key, body.web_url)}


async def _revoke(world: Accelevents, body: _Someone) -> None:
    world.revoke(body.attendee)


async def _lock(world: Accelevents, body: _Lock) -> None:
    world.lock(body.attendee, locked=body.locked)


async def _move_session(world: Accelevents, body: _Session) -> None:
    world.move_session(body.session_id, body.when)


async def _reset(world: Accelevents, _body: _Reset) -> None:
    await world.reset()


Act = Callable[["Accelevents", Any], Awaitable[object]]

_POSTS: dict[str, tuple[type[BaseModel], Act]] = {
    "delay": (Delay, _set_delay),
    "status": (NextStatus, _plan_status),
    "broken": (Broken, _plan_broken),
    "drop": (_Drop, _drop),
    "restart": (_Restart, _restart),
    "again": (_Again, _again),
    "swap": (_Swap, _swap),
    "emit": (_Emit, _emit),
    "pair": (_Pair, _pair),
    "attendees": (_NewAttendee, _add_attendee),
    "tokens": (_Token, _new_token),
    "keys": (_Key, _new_key),
    "revoke": (_Someone, _revoke),
    "lock": (_Lock, _lock),
    "session": (_Session, _move_session),
    "reset": (_Reset, _reset),
}


def controls(world: Accelevents) -> Starlette:
    """The application behind ``/_sandbox``."""

    async def set_dials(request: Request) -> Response:
        patch = await request.json()
        world.turn(Dials.model_validate(world.dials.model_dump() | patch))
        return JSONResponse(world.dials.model_dump(mode="json"))

    async def show_state(_request: Request) -> Response:
        return JSONResponse(state(world))

    return Starlette(
        routes=[
            Route("/_sandbox/state", show_state, methods=["GET"]),
            Route("/_sandbox/dials", set_dials, methods=["POST"]),
            *(_post(world, name, body, act) for name, (body, act) in _POSTS.items()),
        ],
        exception_handlers={
            ValueError: _bad_body,  # pydantic's and json's errors are ValueErrors too
            LookupError: _unknown,
            RefusedError: _unknown,
        },
    )


def _post(world: Accelevents, name: str, body: type[BaseModel], act: Act) -> Route:
    async def endpoint(request: Request) -> Response:
        asked = body.model_validate_json(await request.body() or b"{}")
        return JSONResponse(await act(world, asked) or {"ok": True})

    return Route(f"/_sandbox/{name}", endpoint, methods=["POST"])


async def _bad_body(_request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 400)


async def _unknown(_request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 404)
