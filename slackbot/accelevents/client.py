"""Accelevents over HTTP: the port `Platform`.

Documented are the session list, the registered sessions, the join and the magic link's login. The
paths of the status change and of the match list are guesses, and options. Reads are tried again
where that may help; a join, a status change and a login are sent once.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from slackbot.accelevents import schemas as wire
from slackbot.accelevents.authorization import authorization
from slackbot.accelevents.errors import Endpoint
from slackbot.accelevents.http import TRY_SECONDS, Request, Transport, unreadable
from slackbot.domain.errors import EventNotFound, MagicLinkInvalid, PlatformError, TokenRefused
from slackbot.domain.model import (
    AttendeeStatus,
    AuthScheme,
    EventSlug,
    Grant,
    Link,
    MatchReport,
    Session,
    SessionId,
    SessionScope,
)
from slackbot.domain.ports import Clock

PAGE = 100
MOST_PAGES = 50
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH"})
_SCOPES: dict[SessionScope, dict[str, str]] = {
    SessionScope.LIVE: {},
    SessionScope.PAST: {"past": "true"},
    SessionScope.UPCOMING: {"showPastAndUpcoming": "true"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformOptions:
    """Where the platform is and what is assumed of it.

    `status_request` and `matches_request` are `METHOD path` with `{event}` and `{session_id}`.

    Raises:
        ValueError: `api_url` is no http address, or a request is not of that form.
    """

    api_url: str = "https://api.accelevents.com"
    auth_scheme: Literal["auto", "bare", "bearer"] = "auto"
    status_request: str = "PUT /rest/events/{event}/user-session/{session_id}/status"
    matches_request: str = "GET /rest/events/{event}/user-session/{session_id}/matches"
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    try_seconds: float = TRY_SECONDS

    def __post_init__(self) -> None:
        parts = urlsplit(self.api_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("the API's address must begin with http:// or https://")
        for line in (self.status_request, self.matches_request):
            method, _, path = line.partition(" ")
            if method not in _METHODS or not path.startswith("/") or "{session_id}" not in path:
                raise ValueError("a request must read `METHOD /path/with/{event}/{session_id}`")


class AcceleventsClient:
    """The platform's calls. Made inside the running loop; closed with `aclose`."""

    def __init__(self, options: PlatformOptions, clock: Clock) -> None:
        self._options = options
        self._zone = options.timezone
        self._transport = Transport(options.api_url, clock, options.try_seconds)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._transport.aclose()

    # --- the account ---

    async def redeem(self, event: EventSlug, user_key: str) -> Grant:
        """Exchange a magic link's user key, which works once, for a token."""
        request = Request(
            ask=Endpoint.LOGIN,
            method="POST",
            path=f"/rest/u/loginUserByUserKey/{_part(user_key, MagicLinkInvalid)}",
            query={"eventUrl": event, "loginSource": "MAGIC_LINK"},
        )
        answer = await self._transport.send(request)
        return self._transport.parsed(
            Endpoint.LOGIN, answer, lambda said: wire.read_grant(said, self._zone)
        )

    async def check(self, event: EventSlug, token: SecretStr) -> AuthScheme:
        """Try the token on the event; with `auto`, bare first and then once as Bearer."""
        if self._options.auth_scheme != "auto":
            scheme = AuthScheme(self._options.auth_scheme)
            await self._try_token(event, token, scheme)
            return scheme
        try:
            await self._try_token(event, token, AuthScheme.BARE)
        except TokenRefused:
            await self._try_token(event, token, AuthScheme.BEARER)
            return AuthScheme.BEARER
        return AuthScheme.BARE

    async def _try_token(self, event: EventSlug, token: SecretStr, scheme: AuthScheme) -> None:
        query = _list_query(SessionScope.LIVE) | {"page": "0", "size": "1"}
        request = _session_list(event, query, authorization(token, scheme))
        await self._transport.read(request, wire.read_page)

    # --- sessions ---

    async def sessions(self, link: Link, scope: SessionScope) -> list[Session]:
        """All networking sessions of the scope, every page."""
        found: dict[SessionId, Session] = {}
        seen, before = 0, None
        for number in range(MOST_PAGES):
            query = _list_query(scope) | {"page": str(number), "size": str(PAGE)}
            request = _session_list(link.event, query, _header(link))
            page = await self._transport.read(request, wire.read_page)
            if not page.rows or page.rows == before:  # the same again: it knows no pages
                break
            for session in wire.read_sessions(page.rows, self._zone):
                found.setdefault(session.id, session)
            seen, before = seen + len(page.rows), page.rows
            if page.in_all is not None and seen >= page.in_all:
                break
        return list(found.values())

    async def registered_sessions(self, link: Link) -> list[Session]:
        """The person's own sessions; this list has no pages."""
        request = Request(
            ask=Endpoint.REGISTERED,
            method="GET",
            path=f"/rest/events/{_event(link.event)}/user-session/registered",
            query=_list_query(SessionScope.UPCOMING),
            authorization=_header(link),
        )
        page = await self._transport.read(request, wire.read_page)
        return [replace(s, registered=True) for s in wire.read_sessions(page.rows, self._zone)]

    async def join(self, link: Link, session_id: SessionId) -> None:
        """Register for a live session."""
        request = Request(
            ask=Endpoint.JOIN,
            method="PUT",
            path=f"/rest/events/{_event(link.event)}/session/{session_id}",
            authorization=_header(link),
        )
        await self._do(request)

    # --- networking ---

    async def set_status(self, link: Link, session_id: SessionId, status: AttendeeStatus) -> None:
        """Say what the attendee does in the session."""
        request = self._assumed(Endpoint.STATUS, self._options.status_request, link, session_id)
        await self._do(replace(request, query={"status": status.value}))

    async def matches(self, link: Link, session_id: SessionId) -> list[MatchReport]:
        """The platform's own list of the person's matches in the session."""
        request = self._assumed(Endpoint.MATCHES, self._options.matches_request, link, session_id)
        return await self._transport.read(
            request, lambda said: wire.read_match_list(said, self._zone)
        )

    def _assumed(self, ask: Endpoint, line: str, link: Link, session_id: SessionId) -> Request:
        method, _, path = line.partition(" ")
        path = path.replace("{session_id}", str(session_id)).replace("{event}", _event(link.event))
        return Request(ask=ask, method=method, path=path, authorization=_header(link))

    async def _do(self, request: Request) -> None:
        """Send a change. Its answer tells nothing more, but a web page is not the platform's."""
        answer = await self._transport.send(request)
        if answer.body.lstrip().startswith(b"<"):
            raise unreadable(request.ask, answer.status)


def _header(link: Link) -> str:
    return authorization(link.token, link.auth_scheme)


def _session_list(event: EventSlug, query: dict[str, str], header: str) -> Request:
    path = f"/rest/events/{_event(event)}/session/v2"
    return Request(
        ask=Endpoint.SESSIONS, method="GET", path=path, query=query, authorization=header
    )


def _list_query(scope: SessionScope) -> dict[str, str]:
    return {"sessionFormat": wire.NETWORKING, "expand": "TRACK", **_SCOPES[scope]}


def _event(event: EventSlug) -> str:
    return _part(event, EventNotFound)


def _part(value: str, otherwise: type[PlatformError]) -> str:
    """One part of a path: whatever is in it, it stays one part.

    Raises:
        otherwise: it is empty, or a step up or down in the path, so it can name nothing.
    """
    if not value.strip("."):
        raise otherwise
    return quote(value, safe="", errors="replace")
