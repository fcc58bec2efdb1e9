"""Run the matrix of servers and write its table: python -m tests.feeds docs/accelevents.md."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final, get_args

import structlog

from slackbot.sandbox.serving import serving

from .attendee import PROMISED_SECONDS, Visit, visit
from .netty import VERSIONS, Auth, Netty
from .servers import NODE_MAJORS, behind_nginx, missing, node_server, node_version

MATCH: Final = json.loads(
    (Path(__file__).parents[1] / "payloads/platform/socket_ok_wrapped.json").read_bytes()
)["args"][0]
EVENTS: Final[list[tuple[Any, ...]]] = [
    ("networkingMatch", MATCH),
    ("networkingMatch", json.dumps(MATCH).encode()),
]
# Application events with names of Socket.IO's own. Node's server emits none.
OWN_NAMES: Final[list[tuple[Any, ...]]] = [("connect", {}), ("disconnect", "x")]
DELAY: Final = 2.5  # seconds until the match, more than a namespace has to answer
AT_ONCE: Final = 6  # cells
NAMESPACES: Final = ("/", "/live")


@dataclass(frozen=True)
class Cell:
    """One combination. `server` is a major version of Node's, or netty-socketio's version."""

    server: str
    namespace: str
    auth: Auth
    nginx: bool

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """Run the server, maybe behind nginx, and yield the URL for the feed."""
        if self.server in NODE_MAJORS:
            server = node_server(self.server, self.auth, self.namespace, EVENTS)
        else:
            events = OWN_NAMES + EVENTS
            server = serving(Netty(self.server, self.namespace, self.auth, events, DELAY))
        async with server as url:
            if not self.nginx:
                yield url
                return
            async with behind_nginx(url) as proxy:
                yield proxy

    async def try_it(self) -> tuple[Visit, Visit]:
        """Return what became of a feed with the default settings, and with the right one."""
        async with self.running() as url:
            usual = await visit(url, matches=2, namespace=self.namespace)
            if usual.matches:
                return usual, usual
            auth = (self.auth,)
            return usual, await visit(url, matches=2, namespace=self.namespace, socket_auth=auth)


def cells() -> Iterator[Cell]:
    """Yield every combination. Only the newest servers read a token from the payload."""
    for server, namespace, auth, nginx in product(
        (*NODE_MAJORS, *VERSIONS), NAMESPACES, get_args(Auth), (False, True)
    ):
        if auth != "auth" or server in {"3", "4", "2.0.13"}:
            yield Cell(server, namespace, auth, nginx)


def problems(cell: Cell, visits: tuple[Visit, Visit]) -> list[str]:
    """Return what breaks the promise: up in time, or refused in time with a reason, no errors."""
    usual, right = visits
    found = [f"logged: {error}" for error in usual.errors + right.errors]
    if right.matches < 2 or right.connects != 1:
        found.append(f"not up: {right.words}, {right.matches} matches")
    if not usual.matches and not usual.reasons:
        found.append("no reason")
    if max(usual.told_seconds, right.told_seconds) > PROMISED_SECONDS:
        found.append("late")
    return [f"{cell}: {problem}" for problem in found]


def table(results: dict[Cell, tuple[Visit, Visit]]) -> str:
    """Return the table in Markdown; a cell has the seconds until it is up, also behind nginx."""
    lines = ["| server | namespace | payload | header | query |", "|---|---|---|---|---|"]
    for server, namespace in product((*NODE_MAJORS, *VERSIONS), NAMESPACES):
        name = (
            f"socket.io {node_version(server)}"
            if server in NODE_MAJORS
            else f"netty-socketio {server}"
        )
        row = [_cell(results, server, namespace, auth) for auth in get_args(Auth)]
        lines.append(f"| {name} | `{namespace}` | {' | '.join(row)} |")
    return "\n".join(lines)


def _cell(results: dict[Cell, tuple[Visit, Visit]], server: str, namespace: str, auth: Auth) -> str:
    both = [results.get(Cell(server, namespace, auth, nginx)) for nginx in (False, True)]
    found = [visits for visits in both if visits is not None]
    if not found:
        return "not read"
    up = " / ".join(f"{right.told_seconds:.1f}" for _, right in found)
    refusals = {usual.words for usual, _ in found if not usual.matches}
    if not refusals:
        return f"up {up} s"
    return f"{', '.join(sorted(refusals))}; with the setting, up {up} s"


async def run() -> dict[Cell, tuple[Visit, Visit]]:
    """Try all cells, some at a time."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(cell: Cell) -> tuple[Cell, tuple[Visit, Visit]]:
        async with slots:
            return cell, await cell.try_it()

    return dict(await asyncio.gather(*map(one, cells())))


def main() -> int:
    """Run the matrix; the exit status is 1 if a promise is broken, and 75 if something lacks."""
    if lacking := missing():
        print(f"make feeds needs: {', '.join(lacking)}", file=sys.stderr)  # noqa: T201
        return 75
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    results = asyncio.run(run())
    rows, broken = table(results), [p for c, v in results.items() for p in problems(c, v)]
    summary = f"{len(results)} combinations, {len(broken)} problems"
    print(rows, *broken, summary, sep="\n")  # noqa: T201
    if not broken and len(sys.argv) > 1:
        document = Path(sys.argv[1])
        marks = r"(?s)(<!-- feeds -->\n).*(<!-- end of feeds -->)"
        document.write_text(re.sub(marks, rf"\1{rows}\n\2", document.read_text()))
    return int(bool(broken))


if __name__ == "__main__":
    raise SystemExit(main())
