"""An HTTP server that gives prepared answers, and the client's calls by name."""

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
MakeLink = Callable[..., Link]


class HangUp(Response):
    """Breaks the line in the middle of the answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"99")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"[", "more_body": True})


HANG_UP = HangUp()


def answer(status: int = 200, body: object = None, **headers: str) -> Response:
    text = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return Response(text, status, {name.replace("_", "-"): v for name, v in headers.items()})


def page(ids: range, in_all: int | None) -> Response:
    rows = [{"sessionId": n, "format": "MEET_UP", "title": f"S{n}"} for n in ids]
    return answer(body={"data": rows, "recordsFiltered": in_all})


@dataclass
class Peer:
    """Gives the answers that were prepared, the last one again and again, and notes the calls."""

    url: str = ""
    answers: list[Response] = field(default_factory=list)
    calls: list[Request] = field(default_factory=list)
    slow: float = 0.0

    async def handle(self, request: Request) -> Response:
        self.calls.append(request)
        await asyncio.sleep(self.slow)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def heard(self) -> list[tuple[str, str, dict[str, str]]]:
        return [
            (call.method, call.scope["raw_path"].decode(), dict(call.query_params))
            for call in self.calls
        ]


def call(client: AcceleventsClient, name: str, link: Link) -> Any:
    """One call of the client by the name that payload files give it."""
    calls: dict[str, Callable[[], Any]] = {
        "login": lambda: client.redeem(EVENT, "key"),
        "sessions": lambda: client.sessions(link, SessionScope.LIVE),
        "registered": lambda: client.registered_sessions(link),
        "join": lambda: client.join(link, 11645),
        "status": lambda: client.set_status(link, 11645, AttendeeStatus.AVAILABLE),
        "matches": lambda: client.matches(link, 11645),
    }
    return calls[name]()
