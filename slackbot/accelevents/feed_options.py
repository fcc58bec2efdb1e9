"""What is assumed of the platform's socket, none of which is documented."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from slackbot.domain.model import EventSlug, SessionId

AUTH_WAYS = frozenset({"auth", "header", "query"})
_RESERVED = frozenset({"connect", "connect_error", "disconnect", ""})


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedOptions:
    """How to connect and what to listen to. Times are in seconds.

    Raises:
        ValueError: an option cannot be used; the message names it.
    """

    socket_url: str = "https://api.accelevents.com"
    socket_path: str = "/socket.io"
    namespace: str = "/"
    socket_auth: tuple[str, ...] = ("auth", "header")
    """Where the token goes: `auth` payload, `header`, `query`; at least one."""
    hello: str | None = None
    """An event sent after connecting: `name`, or `name {json}` with `{event}`, `{session_id}`."""
    events: tuple[str, ...] = ("*",)
    """Events that carry matches; `*` is any."""
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    attempt_seconds: float = 10.0
    backoff_seconds: float = 1.0
    """The longest wait before the first new attempt; it doubles with each failure."""
    longest_backoff_seconds: float = 5.0
    handshakes: int = 64
    """How many may be under way at once."""

    def __post_init__(self) -> None:
        parts = urlsplit(self.socket_url)
        if parts.scheme not in {"http", "https", "ws", "wss"} or not parts.hostname:
            raise ValueError("socket_url: must begin with http://, https://, ws:// or wss://")
        if not self.namespace.startswith("/"):
            raise ValueError("namespace: must begin with /")
        if not self.socket_auth or not AUTH_WAYS.issuperset(self.socket_auth):
            raise ValueError("socket_auth: one or more of auth, header, query")
        if not self.events or not _RESERVED.isdisjoint(self.events):
            raise ValueError("events: names of events, or * for any")
        self.greeting(EventSlug("event"), SessionId(1))

    def greeting(self, event: EventSlug, session_id: SessionId) -> tuple[str, Any] | None:
        """Name and data of the hello for a session, or None when there is none.

        Raises:
            ValueError: what follows the name is not JSON once filled in.
        """
        if not self.hello or not self.hello.strip():
            return None
        name, _, template = self.hello.strip().partition(" ")
        if name in _RESERVED:
            raise ValueError("hello: this event's name belongs to Socket.IO itself")
        if not template.strip():
            return name, None
        slug = json.dumps(event)[1:-1]
        filled = template.replace("{session_id}", str(session_id)).replace("{event}", slug)
        try:
            return name, json.loads(filled)
        except ValueError:
            raise ValueError("hello: what follows the event's name is not JSON") from None
