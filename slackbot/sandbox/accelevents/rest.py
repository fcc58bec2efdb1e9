"""The REST API of an attendee, with the documented fields, codes and statuses.

Stricter than the platform is known to be: a query parameter that the reference does not name
is a 400, so that a misspelt one does not go unnoticed.
"""

import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from slackbot.sandbox.accelevents import refusals, render
from slackbot.sandbox.accelevents.event import Event, Session
from slackbot.sandbox.accelevents.pairing import Pairing, Status
from slackbot.sandbox.accelevents.people import Attendee
from slackbot.sandbox.accelevents.platform import Platform
from slackbot.sandbox.accelevents.refusals import RefusedError
from slackbot.sandbox.accelevents.sockets import token_in

Format = Literal["MAIN_STAGE", "BREAKOUT_SESSION", "MEET_UP", "WORKSHOP", "EXPO", "BREAK", "OTHER"]
LoginSource = Literal["MAGIC_LINK"]


class _Query(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)


class _Nothing(_Query):
    pass


class _MySessions(_Query):
    expand: str = ""
    session_format: Format | None = None
    show_past_and_upcoming: bool = False
    filter_date: str = ""


class _Sessions(_MySessions):
    page: Annotated[int, Field(ge=0)] = 0
    size: Annotated[int, Field(ge=1, le=500)] = 10
    past: bool = False
    tag_ids: str = ""
    track_ids: str = ""
    called_from: str = ""
    status: str = ""
    current_user_registered_event_ticket_id: str = ""


class _StatusChange(_Query):
    status: Status


class _UserKeyLogin(_Query):
    event_url: str
    login_source: LoginSource


_Q = TypeVar("_Q", bound=_Query)


def _query(request: Request, model: type[_Q]) -> _Q:
    try:
        return model.model_validate(dict(request.query_params))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        raise RefusedError(refusals.malformed(f"{name}: {first['msg']}")) from error


class RestApi:
    """The routes of one platform. Order of refusals: token, event, session, the call's own."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._request_lines = ("", "")
        self._app = Starlette()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        knobs = self._platform.knobs
        if self._request_lines != (knobs.status_request, knobs.matches_request):
            self._request_lines = (knobs.status_request, knobs.matches_request)
            self._app = self._build()
        await self._app(scope, receive, send)

    def _build(self) -> Starlette:
        status_request, matches_request = self._request_lines
        return Starlette(
            routes=[
                Route("/rest/events/{event}/session/v2", self.sessions, methods=["GET"]),
                Route(
                    "/rest/events/{event}/user-session/registered",
                    self.registered,
                    methods=["GET"],
                ),
                Route("/rest/events/{event}/session/{session_id}", self.join, methods=["PUT"]),
                Route("/rest/u/loginUserByUserKey/{user_key}", self.login, methods=["POST"]),
                _route(status_request, self.status),
                _route(matches_request, self.matches),
            ],
            exception_handlers={RefusedError: self._refused, HTTPException: _no_route},
        )

    async def sessions(self, request: Request) -> Response:
        """List live sessions; with ``past`` only past ones, with ``showPastAndUpcoming`` all."""
        who, event = self._caller(request), self._event(request)
        query = _query(request, _Sessions)
        rows = self._filtered(list(event), query, past=query.past)
        tracks = set(query.track_ids.split(",")) - {""}
        rows = [s for s in rows if not tracks or (s.track and str(s.track.id) in tracks)]
        start = query.page * query.size
        return self._list(rows[start : start + query.size], len(rows), event, who)

    async def registered(self, request: Request) -> Response:
        """List the caller's own sessions on one page, filtered like the session list."""
        who, event = self._caller(request), self._event(request)
        query = _query(request, _MySessions)
        mine = [session for session in event if who.key in session.registered]
        rows = self._filtered(mine, query, past=False)
        return self._list(rows, len(rows), event, who)

    async def join(self, request: Request) -> Response:
        """Register for a live session; repeating it is 200 again."""
        who = self._caller(request)
        _query(request, _Nothing)
        try:
            session = self._event(request).join(
                self._session(request).id, who, self._platform.now()
            )
        except RefusedError as error:
            raise self._ticket_refusal(error) from error
        meeting = self._platform.chime.create_meeting(f"session-{session.id}")
        attendee = self._platform.chime.create_attendee(meeting, f"{session.id}-{who.user_id}")
        call = render.join_call(
            self._platform.knobs.join_call, {"Meeting": meeting}, {"Attendee": attendee}
        )
        return JSONResponse(render.join_response(session, who, self._platform.knobs.zone, call))

    async def status(self, request: Request) -> Response:
        """Change the caller's status in a session; 200 with an empty body."""
        who = self._caller(request)
        wanted = _query(request, _StatusChange).status
        session = self._registered_session(request, who)
        if wanted == "CHECK_IN_AVAILABLE" and not session.is_live(self._platform.now()):
            raise RefusedError(refusals.NOT_LIVE)
        pairing = self._platform.networking.set_status(session.id, who.key, wanted)
        if pairing is not None:
            await self._platform.send_match(pairing)
        return Response(status_code=200)

    async def matches(self, request: Request) -> Response:
        """List the people the caller met in a session, as lag and order say."""
        who = self._caller(request)
        _query(request, _Nothing)
        session = self._registered_session(request, who)
        knobs = self._platform.knobs
        shown = self._platform.now() - timedelta(seconds=knobs.list_lag)
        pairings = self._platform.networking.of(session.id, who.key)
        rows = [self._match_row(pairing, who) for pairing in pairings if pairing.at <= shown]
        if knobs.list_order == "newest_first":
            rows.reverse()
        elif knobs.list_order == "shuffled":
            random.shuffle(rows)
        if not knobs.matches_envelope:
            return JSONResponse(rows)
        return JSONResponse(
            render.envelope(rows, len(rows), self._event(request), self._platform.now())
        )

    async def login(self, request: Request) -> Response:
        """Exchange the user key of a magic link for an access token, once."""
        key = request.path_params["user_key"]
        who = self._platform.people.owner_of(key)
        query = _query(request, _UserKeyLogin)
        event = self._platform.event_of(query.event_url)
        request.state.attendee = who.key
        lifetime = timedelta(seconds=self._platform.knobs.login_seconds)
        token = self._platform.people.redeem(key, lifetime)
        expires = self._platform.people.expiry_of(token)
        zone = self._platform.knobs.zone
        answer = render.token_response(token, expires, who, event.slug, zone)
        names = render.account(who) if self._platform.knobs.login_names_account else {}
        return JSONResponse(answer | names)

    # Shared by several calls.

    def _caller(self, request: Request) -> Attendee:
        token = token_in(request.headers.get("authorization"), self._platform.knobs)
        if token is None:
            raise RefusedError(refusals.NOT_AUTHORISED)
        who = self._platform.people.holder_of(token)
        request.state.attendee = who.key
        self._event(request)
        return who

    def _event(self, request: Request) -> Event:
        first = self._platform.event
        return self._platform.event_of(request.path_params.get("event", first.slug))

    def _session(self, request: Request) -> Session:
        raw = request.path_params["session_id"]
        if not raw.isdecimal():
            raise RefusedError(refusals.malformed("session id: not a number"))
        return self._event(request).session(int(raw))

    def _registered_session(self, request: Request, who: Attendee) -> Session:
        session = self._session(request)
        if who.key not in session.registered:
            raise RefusedError(refusals.NOT_REGISTERED)
        return session

    def _filtered(
        self, sessions: Sequence[Session], query: _MySessions, *, past: bool
    ) -> list[Session]:
        now = self._platform.now()
        if past:
            sessions = [session for session in sessions if session.is_past(now)]
        elif not query.show_past_and_upcoming:
            sessions = [session for session in sessions if session.is_live(now)]
        return [s for s in sessions if query.session_format in {None, s.format}]

    def _list(
        self, page: Sequence[Session], filtered: int, event: Event, who: Attendee
    ) -> Response:
        rows = [render.session_row(session, who, self._platform.knobs.zone) for session in page]
        return JSONResponse(render.envelope(rows, filtered, event, self._platform.now()))

    def _match_row(self, pairing: Pairing, who: Attendee) -> render.Json:
        partner = self._platform.people[pairing.partner_of(who.key)]
        return render.match_row(pairing, partner, render.list_time(pairing, self._platform.knobs))

    def _ticket_refusal(self, error: RefusedError) -> RefusedError:
        other_page = self._platform.knobs.ticket_refusal == "register_page"
        if error.refusal is refusals.TICKET_NOT_PERMITTED and other_page:
            return RefusedError(refusals.TICKET_TYPE_GRANTS_NO_ACCESS)
        return error

    async def _refused(self, _request: Request, error: Exception) -> Response:
        assert isinstance(error, RefusedError)
        return refusals.response(error.refusal, self._platform.knobs.error_shape)


def _route(line: str, endpoint: Callable[[Request], Awaitable[Response]]) -> Route:
    method, path = line.split(" ", 1)
    return Route(path, endpoint, methods=[method])


async def _no_route(request: Request, error: Exception) -> Response:
    """Answer an unknown path or method as a Spring application does."""
    assert isinstance(error, HTTPException)
    status = error.status_code
    reason = HTTPStatus(status).phrase
    body = {"status": status, "error": reason, "path": request.url.path}
    return JSONResponse(body, status)
