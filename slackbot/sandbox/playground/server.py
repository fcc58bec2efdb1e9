"""The playground's HTTP server: the page, a stream of what changed, and what people do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from slackbot.sandbox.playground.run import Run
from slackbot.sandbox.playground.screens import screen
from slackbot.sandbox.slack import CannotDo
from slackbot.sandbox.slack.errors import Json
from slackbot.sandbox.story.bot_process import BotError

PAGE: Final = Path(__file__).parent / "page"
_FILES: Final = {path.name: path for kind in ("*.js", "*.css", "*.svg") for path in PAGE.glob(kind)}
_MOST_BYTES: Final = 100_000  # of one request's body
_QUIET_SECONDS: Final = 15.0  # until a comment keeps the stream open
Handler = Callable[[Run, Json], Awaitable[Json]]


class Playground:
    """The current run, and the requests of the page. `run` is None while everything starts."""

    def __init__(self, manifest: Json, no_calls: str) -> None:
        self.run: Run | None = None
        self.start_over = asyncio.Event()
        self.changed = asyncio.Event()
        self._manifest = manifest
        self._no_calls = no_calls

    def enter(self, run: Run | None) -> None:
        """Show this run from now on, or that everything is starting."""
        self.run = run
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()

    def routes(self) -> Starlette:
        """Return the application, to be served behind `Access`."""
        posts: dict[str, Handler] = {
            "act": lambda run, given: run.actions.act(given),
            "fault": self._fault,
            "person": self._person,
            "story": self._story,
            "round": self._round,
            "over": self._over,
        }
        return Starlette(
            routes=[
                Route("/", self._page),
                Route("/about", self._about),
                Route("/events", self._events),
                *(
                    Route(f"/{name}", self._post(handler), methods=["POST"])
                    for name, handler in posts.items()
                ),
                Route("/{name}", self._file),
            ]
        )

    async def _page(self, _request: Request) -> Response:
        return FileResponse(PAGE / "index.html")

    async def _file(self, request: Request) -> Response:
        path = _FILES.get(request.path_params["name"])
        return FileResponse(path) if path else Response(status_code=404)

    async def _about(self, _request: Request) -> Response:
        """Respond with what never changes: the app's manifest, and why there are no calls."""
        return JSONResponse({"manifest": self._manifest, "no_calls": self._no_calls})

    # --- what people do

    def _post(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            if self.run is None:
                return JSONResponse({"refused": "Everything is starting. One moment."}, 503)
            try:
                given = await _body(request)
                return JSONResponse(await handler(self.run, given))
            except (CannotDo, BotError) as refusal:
                return JSONResponse({"refused": str(refusal).partition("\n")[0]}, 409)
            except (KeyError, TypeError, ValueError):
                return JSONResponse({"refused": "This request makes no sense here."}, 400)

        return endpoint

    async def _fault(self, run: Run, given: Json) -> Json:
        person = str(given.get("person") or "ada")
        if person not in run.cast.names:
            raise CannotDo("This person is not here.")
        name = str(given["name"])
        verb = "Put right:" if run.desk.has(name) else "Fault:"
        run.timeline.begin(None, verb, str(given["title"]))
        await run.desk.press(name, person)
        return {}

    async def _person(self, run: Run, _given: Json) -> Json:
        name = run.cast.add()
        run.slack.changes.notify()
        return {"name": name}

    async def _story(self, run: Run, _given: Json) -> Json:
        await run.story.play_next()
        return {}

    async def _round(self, run: Run, given: Json) -> Json:
        run.desk.set_round(int(given["seconds"]))
        return {}

    async def _over(self, _run: Run, _given: Json) -> Json:
        self.start_over.set()
        return {}

    # --- what they see

    async def _events(self, _request: Request) -> Response:
        return StreamingResponse(self._stream(), media_type="text/event-stream")

    async def _stream(self) -> AsyncIterator[str]:
        """Yield server-sent events: all of the current run, then only what changed."""
        while True:
            run, entered = self.run, self.changed
            yield _event({"run": run is not None, "fresh": True})
            if run is None:
                await entered.wait()
                continue
            async for message in _changes(run, entered):
                yield message


async def _changes(run: Run, ended: asyncio.Event) -> AsyncIterator[str]:
    """Yield the changes of one run, until `ended` is set."""
    since, sent = -1, dict[str, str]()
    while not ended.is_set():
        changed, count = run.slack.changes.next(), run.slack.changes.count
        news = run.as_json()
        news |= {f"screen:{n}": screen(run.slack, n, since) for n in run.cast.names}
        parts = {name: json.dumps(part) for name, part in news.items()}
        fresh = {name: text for name, text in parts.items() if sent.get(name) != text}
        since, sent = count, parts
        if fresh:
            yield _event({name: news[name] for name in fresh})
        try:
            async with asyncio.timeout(_QUIET_SECONDS):
                await changed.wait()
        except TimeoutError:
            yield ": still here\n\n"


def _event(data: Json) -> str:
    return f"data: {json.dumps(data)}\n\n"


async def _body(request: Request) -> Json:
    """Return the JSON object that was sent.

    Raises:
        ValueError: it is too large or no JSON.
        TypeError: it is no object.
    """
    raw = b""
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > _MOST_BYTES:
            raise ValueError("too large")
    given = json.loads(raw or b"{}")
    if not isinstance(given, dict):
        raise TypeError("no object")
    return given
