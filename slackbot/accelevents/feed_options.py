"""Options for the socket feed, which the platform does not document."""

from __future__ import annotations

import json
import random
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode, urlsplit, urlunsplit

from pydantic import SecretStr

from slackbot.accelevents.event_zones import EventZones
from slackbot.accelevents.http import authorization
from slackbot.aio.backoff import ExponentialBackoff
from slackbot.aio.outgoing import Proxies
from slackbot.domain.model import AuthScheme, EventSlug, SessionId

_TOKEN_PLACES: Final = frozenset({"auth", "header", "query"})
_RESERVED_EVENTS: Final = frozenset({"connect", "connect_error", "disconnect", ""})


@dataclass(frozen=True, slots=True)
class Credentials:
    """The parts of a handshake that may contain the token."""

    url: str = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    auth: dict[str, str] | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedOptions:
    """The socket's address, and assumptions about its protocol.

    Raises:
        ValueError: An option is invalid. The message names the option.
    """

    socket_url: str = "https://api.accelevents.com"
    socket_path: str = "/socket.io"
    namespace: str = "/"
    # The parts of the handshake that contain the token: `auth` (the payload), `header` or `query`.
    socket_auth: tuple[str, ...] = ("auth", "header")
    # An event to send after connecting: `name`, or `name {json}` with `{event}` and `{session_id}`.
    hello: str | None = None
    events: tuple[str, ...] = ("*",)  # names of events with matches; `*` means any event
    zones: EventZones = field(default_factory=EventZones)
    # Timeout for a handshake and its fallbacks, so the reason of a failure is known within 10 s.
    attempt_seconds: float = 9.0
    # Delay before the next handshake. Jitter spreads the load if thousands of feeds reconnect.
    backoff: ExponentialBackoff = field(
        default_factory=lambda: ExponentialBackoff(1.0, 5.0, random.SystemRandom())
    )
    proxies: Proxies = field(default_factory=Proxies)
    max_handshakes: int = 64  # maximum number at the same time

    def __post_init__(self) -> None:
        url = urlsplit(self.socket_url)
        if url.scheme not in {"http", "https", "ws", "wss"} or not url.hostname:
            raise ValueError("socket_url: must begin with http://, https://, ws:// or wss://")
        if not self.namespace.startswith("/"):
            raise ValueError("namespace: must begin with /")
        if not self.socket_auth or not _TOKEN_PLACES.issuperset(self.socket_auth):
            raise ValueError("socket_auth: one or more of auth, header, query")
        if not self.events or "" in self.events:
            raise ValueError("events: names of events, or * for any")
        self.hello_event(EventSlug("event"), SessionId(1))

    def credentials(
        self, token: SecretStr, scheme: AuthScheme, places: Collection[str]
    ) -> Credentials:
        """Return credentials with the token in each of these places.

        Raises:
            TokenRefused: The token cannot be sent in a header.
        """
        value, header = token.get_secret_value(), authorization(token, scheme)
        url = urlsplit(self.socket_url)
        if "query" in places:
            query = "&".join(filter(None, (url.query, urlencode({"token": value}))))
            url = url._replace(query=query)
        return Credentials(
            url=urlunsplit(url),
            headers={"Authorization": header} if "header" in places else {},
            auth={"token": value} if "auth" in places else None,
        )

    def hello_event(self, event: EventSlug, session_id: SessionId) -> tuple[str, Any] | None:
        """Return the name and data of the hello event for a session, or None if there is none.

        Raises:
            ValueError: The data is not valid JSON after the placeholders are replaced.
        """
        name, _, template = (self.hello or "").strip().partition(" ")
        if not name:
            return None
        if name in _RESERVED_EVENTS:
            raise ValueError("hello: this event's name belongs to Socket.IO itself")
        if not template.strip():
            return name, None
        slug = json.dumps(event)[1:-1]
        filled = template.replace("{session_id}", str(session_id)).replace("{event}", slug)
        try:
            return name, json.loads(filled)
        except ValueError:
            raise ValueError("hello: what follows the event's name is not JSON") from None
