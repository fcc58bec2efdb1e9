"""Answers that Slack does not take at once are brought again, so often and no more."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog

from slackbot.domain.errors import MessageDelayed, MessageError, MessageRefused

log = structlog.get_logger(__name__)
T = TypeVar("T")

TRIES: Final = 5
FIRST_WAIT_SECONDS: Final = 1.0


async def send_with_retry(send: Callable[[], Awaitable[T]]) -> T:
    """Send; again when Slack says to wait, fails or does not answer.

    An answer twice is a small harm, none at all is a great one, so an unsure try is repeated.

    Raises:
        MessageError: refused for good, or given up; either stands in the log.
    """
    tries = 0
    while True:
        try:
            return await send()
        except MessageRefused as error:
            log.info("answer_refused", reason=error.reason)
            raise
        except MessageError as error:
            # The outgoing queue waits out what is short, and has tried more than once then.
            tries += error.tries if isinstance(error, MessageDelayed) else 1
            if tries >= TRIES:
                log.warning("answer_given_up", reason=error.reason, tries=tries)
                raise
            await asyncio.sleep(_wait(error, tries))


def _wait(error: MessageError, tries: int) -> float:
    if isinstance(error, MessageDelayed):
        return error.seconds
    return FIRST_WAIT_SECONDS * float(2 ** (tries - 1))
