"""An HTTP server with prepared responses, and the client's calls by name."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from slackbot.accelevents.client import AcceleventsClient
from slackbot.domain.model import AttendeeStatus, EventSlug, Link, SessionScope

EVENT = EventSlug("demo")
GRANT = {"access_token": "abc", "userId": 501, "expires_in": "2022-01-14 09:42:40"}
LinkFactory = Callable[..., Link]


class HangUp(Response):
    """A response that ends the connection in the middle of the body."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"99")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"[", "more_body": True})


HANG_UP = HangUp()


def response(status: int = 200, body: object = None, **headers: str) -> Response:
    text = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return Response(text, status, {name.replace("_", "-"): v for name, v in headers.items()})


def page(ids: range, total: int | None) -> Response:
    rows = [{"sessionId": n, "format": "MEET_UP", "title": f"S{n}"} for n in ids]
    return response(body={"data": rows, "recordsFiltered": total})


@dataclass
class PlatformServer:
    """Gives the prepared responses, repeating the last one, and records the requests."""

    url: str = ""
    responses: list[Response] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    delay: float = 0.0

    async def handle(self, request: Request) -> Response:
        self.requests.append(request)
        await asyncio.sleep(self.delay)
        return self.responses.pop(0) if len(self.responses) > 1 else self.responses[0]

    def received(self) -> list[tuple[str, str, dict[str, str]]]:
        return [
            (call.method, call.scope["raw_path"].decode(), dict(call.query_params))
            for call in self.requests
        ]


def call(client: AcceleventsClient, name: str, link: Link) -> Any:
    """Call the client's method by the name that payload files give it."""
    requests: dict[str, Callable[[], Any]] = {
        "login": lambda: client.redeem(EVENT, "key"),
        "sessions": lambda: client.sessions(link, SessionScope.LIVE),
        "registered": lambda: client.registered_sessions(link),
        "join": lambda: client.join(link, 11645),
        "status": lambda: client.set_status(link, 11645, AttendeeStatus.AVAILABLE),
        "matches": lambda: client.matches(link, 11645),
    }
    return requests[name]()
