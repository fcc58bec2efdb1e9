"""Retries for answers that Slack does not accept immediately."""

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
    """Call `send`, and retry if Slack requests a delay, fails or does not respond.

    An attempt with an uncertain outcome is also retried, because a duplicate answer is better than
    no answer.

    Raises:
        MessageError: Slack rejected the answer, or all attempts failed. Both are logged.
    """
    tries = 0
    while True:
        try:
            return await send()
        except MessageRefused as error:
            log.info("answer_refused", reason=error.reason)
            raise
        except MessageError as error:
            # The outgoing queue handles short delays and reports its number of attempts.
            tries += error.tries if isinstance(error, MessageDelayed) else 1
            if tries >= TRIES:
                log.warning("answer_given_up", reason=error.reason, tries=tries)
                raise
            wait = error.seconds if isinstance(error, MessageDelayed) else BACKOFF.delay(tries)
            await asyncio.sleep(wait)
