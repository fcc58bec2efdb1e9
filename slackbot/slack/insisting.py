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


async def insist(send: Callable[[], Awaitable[T]]) -> T:
    """Send; again when Slack says to wait, fails or does not answer.

    An answer twice is a small harm, none at all is a great one, so an unsure try is repeated.

    Raises:
        MessageError: refused for good, or given up; either stands in the log.
    """
    for tries in range(1, TRIES):
        try:
            return await send()
        except MessageRefused as error:
            log.info("answer_refused", reason=error.reason)
            raise
        except MessageError as error:
            await asyncio.sleep(_wait(error, tries))
    try:
        return await send()
    except MessageError as error:
        log.warning("answer_given_up", reason=error.reason, tries=TRIES)
        raise


def _wait(error: MessageError, tries: int) -> float:
    if isinstance(error, MessageDelayed):
        return error.seconds
    return FIRST_WAIT_SECONDS * float(2 ** (tries - 1))
