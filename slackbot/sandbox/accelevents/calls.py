"""The record of REST calls, without credentials."""

import re
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.types import Scope

_SECRET_IN_PATH = re.compile(r"(/rest/u/(?:loginUserByUserKey|login/token)/)[^/]+")
_SECRET_IN_QUERY = frozenset({"token", "access_token", "userKey"})


@dataclass
class Call:
    """One REST call. ``status`` None: not answered yet, or the client hung up first.

    ``at`` is ``time.monotonic()``; credentials are masked in ``path`` and ``query``.
    """

    method: str
    path: str
    query: dict[str, str]
    at: float = field(default_factory=time.monotonic)
    attendee: str | None = None
    status: int | None = None


def call_of(scope: Scope) -> Call:
    """Return the record of an incoming HTTP request."""
    query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    masked = {name: "…" if name in _SECRET_IN_QUERY else query[name] for name in query}
    return Call(scope["method"], _SECRET_IN_PATH.sub(r"\1…", scope["path"]), masked)
