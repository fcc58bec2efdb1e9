"""A client for the HTTP API of Accelevents, which implements the protocol `Platform`.

The platform documents the session list, the registered sessions, the join and the login with a
magic link. The paths of the status change and the match list are undocumented, so they are
configurable. Reads are retried, while a join, a status change and a login are sent only once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, Literal
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from slackbot.accelevents import schemas
from slackbot.accelevents.errors import Endpoint
from slackbot.accelevents.event_zones import EventZones
from slackbot.accelevents.http import (
    HttpClient,
    Request,
    authorization,
    unreadable_response,
)
from slackbot.aio.outgoing import Proxies
from slackbot.domain.errors import (
    EventNotFound,
    MagicLinkInvalid,
    PlatformError,
    TokenRefused,
    Unreadable,
)
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

PAGE_SIZE: Final = 100  # sessions
MIN_PAGE_SIZE: Final = 25  # if larger pages exceed the limit of a response
MAX_SESSIONS: Final = 5_000
_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH"})
_NETWORKING_QUERY: Final = {"sessionFormat": schemas.NETWORKING, "expand": "TRACK"}
_QUERIES: Final = {
    SessionScope.LIVE: _NETWORKING_QUERY,
    SessionScope.PAST: _NETWORKING_QUERY | {"past": "true"},
    SessionScope.UPCOMING: _NETWORKING_QUERY | {"showPastAndUpcoming": "true"},
}
_EVERY_FORMAT: Final = {"showPastAndUpcoming": "true"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformOptions:
    """The platform's address, and assumptions about its API.

    `status_request` and `matches_request` have the form `METHOD path`. The path may contain
    `{event}` and `{session_id}`.

    Raises:
        ValueError: `api_url` is not an HTTP URL, or a request has an invalid form.
    """

    api_url: str = "https://api.accelevents.com"
    auth_scheme: Literal["auto", "bare", "bearer"] = "auto"
    status_request: str = "PUT /rest/events/{event}/user-session/{session_id}/status"
    matches_request: str = "GET /rest/events/{event}/user-session/{session_id}/matches"
    zones: EventZones = field(default_factory=EventZones)
    proxies: Proxies = field(default_factory=Proxies)
    timeout_seconds: float = 8.0  # for a complete attempt

    def __post_init__(self) -> None:
        url = urlsplit(self.api_url)
        if url.scheme not in {"http", "https"} or not url.hostname:
            raise ValueError("the API's address must begin with http:// or https://")
        for template in (self.status_request, self.matches_request):
            method, _, path = template.partition(" ")
            if method not in _METHODS or not path.startswith("/") or "{session_id}" not in path:
                raise ValueError("a request must read `METHOD /path/with/{event}/{session_id}`")


class AcceleventsClient:
    """A client for the platform's API. Create it in the running loop and close it with `aclose`.

    Every method raises a `PlatformError` if the platform rejects the request or is unreachable.
    """

    def __init__(self, options: PlatformOptions, clock: Clock) -> None:
        self._options = options
        self._http = HttpClient(options.api_url, clock, options.timeout_seconds, options.proxies)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def redeem(self, event: EventSlug, user_key: str) -> Grant:
        """Exchange a magic link's single-use user key for a token."""
        path = f"/rest/u/loginUserByUserKey/{_path_segment(user_key, MagicLinkInvalid)}"
        query = {"eventUrl": event, "loginSource": "MAGIC_LINK"}
        response = await self._http.send(Request(Endpoint.LOGIN, event, "POST", path, query=query))
        return response.parse(partial(schemas.read_grant, zone=self._options.zones.of(event)))

    async def check(self, event: EventSlug, token: SecretStr) -> AuthScheme:
        """Check the token against the event. With `auto`, try the bare token and then Bearer."""
        scheme = self._options.auth_scheme
        if scheme == "auto":
            with suppress(TokenRefused):
                header = authorization(token, AuthScheme.BARE)
                await self._session_page(event, header, _QUERIES[SessionScope.LIVE], 0, size=1)
                return AuthScheme.BARE
            scheme = "bearer"
        header = authorization(token, AuthScheme(scheme))
        await self._session_page(event, header, _QUERIES[SessionScope.LIVE], 0, size=1)
        return AuthScheme(scheme)

    async def sessions(self, link: Link, scope: SessionScope) -> list[Session]:
        """Return all networking sessions in the scope, from all pages."""
        return await self._all_sessions(link, _QUERIES[scope], schemas.read_sessions)

    async def other_sessions(self, link: Link) -> list[Session]:
        """Return the event's sessions of other formats, from all pages."""
        return await self._all_sessions(link, _EVERY_FORMAT, schemas.read_other_sessions)

    async def _all_sessions(
        self,
        link: Link,
        query: Mapping[str, str],
        read: Callable[[Iterable[object], ZoneInfo], list[Session]],
    ) -> list[Session]:
        """Read the sessions of all pages.

        If a page is too large, it is requested again with fewer sessions.
        """
        found: dict[SessionId, Session] = {}
        zone, header = self._options.zones.of(link.event), _authorization(link)
        count, offset, size, previous = 0, 0, PAGE_SIZE, None
        while offset < MAX_SESSIONS:
            try:
                page = await self._session_page(link.event, header, query, offset // size, size)
            except Unreadable as error:
                if not error.too_large or size <= MIN_PAGE_SIZE:
                    raise
                size //= 2
                continue
            if not page.rows or page.rows == previous:  # a repeated page: no paging
                break
            for session in read(page.rows, zone):
                found.setdefault(session.id, session)
            count, offset, previous = count + len(page.rows), offset + size, page.rows
            if page.total is not None and count >= page.total:
                break
        return list(found.values())

    async def registered_sessions(self, link: Link) -> list[Session]:
        """Return the sessions for which the person is registered. This list has no pages."""
        path = f"{_event_path(link.event)}/user-session/registered"
        query = _QUERIES[SessionScope.UPCOMING]
        request = Request(Endpoint.REGISTERED, link.event, "GET", path, _authorization(link), query)
        page = await self._http.fetch(request, schemas.read_page)
        zone = self._options.zones.of(link.event)
        return [replace(s, registered=True) for s in schemas.read_sessions(page.rows, zone)]

    async def join(self, link: Link, session_id: SessionId) -> None:
        """Register for a live session."""
        path = f"{_event_path(link.event)}/session/{session_id}"
        request = Request(Endpoint.JOIN, link.event, "PUT", path, _authorization(link))
        await self._send_change(request)

    async def set_status(self, link: Link, session_id: SessionId, status: AttendeeStatus) -> None:
        """Set the attendee's status in the session."""
        request = _templated(Endpoint.STATUS, self._options.status_request, link, session_id)
        await self._send_change(replace(request, query={"status": status.value}))

    async def matches(self, link: Link, session_id: SessionId) -> list[MatchReport]:
        """Return the platform's list of the person's matches in the session."""
        request = _templated(Endpoint.MATCHES, self._options.matches_request, link, session_id)
        zone = self._options.zones.of(link.event)
        return await self._http.fetch(request, partial(schemas.read_match_list, zone=zone))

    async def _session_page(
        self, event: EventSlug, header: str, query: Mapping[str, str], number: int, size: int
    ) -> schemas.SessionPage:
        path = f"{_event_path(event)}/session/v2"
        query = {**query, "page": str(number), "size": str(size)}
        request = Request(Endpoint.SESSIONS, event, "GET", path, header, query)
        return await self._http.fetch(request, schemas.read_page)

    async def _send_change(self, request: Request) -> None:
        """Send a change. Accept any 2xx response that is not a web page."""
        response = await self._http.send(request)
        if response.body.lstrip().startswith(b"<"):
            raise unreadable_response(request.endpoint, response.status)


def _templated(endpoint: Endpoint, template: str, link: Link, session_id: SessionId) -> Request:
    method, _, path = template.partition(" ")
    event = _path_segment(link.event, EventNotFound)
    path = path.replace("{session_id}", str(session_id)).replace("{event}", event)
    return Request(endpoint, link.event, method, path, _authorization(link))


def _authorization(link: Link) -> str:
    return authorization(link.token, link.auth_scheme)


def _event_path(event: EventSlug) -> str:
    return f"/rest/events/{_path_segment(event, EventNotFound)}"


def _path_segment(value: str, error: type[PlatformError]) -> str:
    """Return the value quoted for use in a path. Raise `error` if it is empty, `.` or `..`."""
    if not value.strip("."):
        raise error
    return quote(value, safe="", errors="replace")
