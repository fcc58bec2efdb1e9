"""Retries of answers that Slack does not accept at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog

from slackbot.aio.backoff import ExponentialBackoff
from slackbot.domain.errors import MessageDelayed, MessageError, MessageRefused

log = structlog.get_logger(__name__)
T = TypeVar("T")

TRIES: Final = 5
BACKOFF: Final = ExponentialBackoff(base=1.0, cap=8.0)


async def send_with_retry(send: Callable[[], Awaitable[T]]) -> T:
    """Call `send`, again when Slack asks to wait, fails or does not answer.

    An uncertain try is repeated, too: a second answer does less harm than none.

    Raises:
        MessageError: Slack refuses for good, or the tries are used up; both are logged.
    """
    tries = 0
    while True:
        try:
            return await send()
        except MessageRefused as error:
            log.info("answer_refused", reason=error.reason)
            raise
        except MessageError as error:
            # The outgoing queue sits out short waits itself, and reports its tries.
            tries += error.tries if isinstance(error, MessageDelayed) else 1
            if tries >= TRIES:
                log.warning("answer_given_up", reason=error.reason, tries=tries)
                raise
            wait = error.seconds if isinstance(error, MessageDelayed) else BACKOFF.delay(tries)
            await asyncio.sleep(wait)
