"""An attendee whose feed meets a server: is it up, after how long, or why not."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from slackbot.accelevents.feed_options import FeedOptions
from slackbot.accelevents.feeds import SocketFeed
from slackbot.bootstrap.adapters import SystemClock
from slackbot.domain.feed_events import FeedConnected, FeedDisconnected, FeedEvent, MatchesReported
from slackbot.domain.model import (
    AuthScheme,
    Epoch,
    EventSlug,
    Link,
    Person,
    SessionId,
    TeamId,
    UserId,
)

from .netty import TOKEN

ANA = Person(TeamId("T1"), UserId("U1"))
PROMISED_SECONDS = 10.0  # until a feed is up, or says why not
LINK = Link(
    person=ANA,
    person_epoch=Epoch("e" * 16),
    event=EventSlug("demo"),
    token=SecretStr(TOKEN),
    auth_scheme=AuthScheme.BARE,
    linked_at=datetime(2021, 12, 20, tzinfo=UTC),
    credential_digest="d",
    account_id=501,
)


@dataclass
class Visit:
    """What became of a feed. `told_seconds` is the time until it is up, or says why not."""

    matches: int = 0
    connects: int = 0
    reasons: list[str] = field(default_factory=list)
    told_seconds: float = 0.0
    errors: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        """Return the outcome in a word: `up` or the first reason."""
        return "up" if self.matches else "".join(self.reasons[:1]) or "silent"


class _Errors(logging.Handler):
    def __init__(self, errors: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._errors = errors

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith("uvicorn"):  # the peer's own
            self._errors.append(record.getMessage())


@contextmanager
def _collecting(errors: list[str]) -> Iterator[None]:
    """Collect what any library logs as an error, asyncio's unretrieved exceptions included."""
    handler = _Errors(errors)
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)


async def visit(url: str, *, matches: int = 1, **options: Any) -> Visit:
    """Open a feed at this server until that many matches arrive, or the first attempt fails."""
    events: asyncio.Queue[FeedEvent] = asyncio.Queue()
    found = Visit()
    feed = SocketFeed(FeedOptions(socket_url=url, **options), SystemClock(), events)
    began = time.monotonic()
    with _collecting(found.errors):
        feed.open(LINK, SessionId(11645))
        try:
            async with asyncio.timeout(PROMISED_SECONDS + 2):
                while found.matches < matches and (found.connects or not found.reasons):
                    event = await events.get()
                    found.told_seconds = found.told_seconds or time.monotonic() - began
                    match event:
                        case MatchesReported(reports=reports):
                            found.matches += len(reports)
                        case FeedConnected():
                            found.connects += 1
                        case FeedDisconnected(_, reason):
                            found.reasons.append(reason)
        except TimeoutError:
            pass
        await feed.aclose()
        await asyncio.sleep(0.01)  # tasks of libraries end, if there are any
    return found
