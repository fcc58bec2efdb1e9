"""Answers to commands are tried a bounded number of times."""

from __future__ import annotations

import pytest

from slackbot.aio.backoff import ExponentialBackoff
from slackbot.domain.errors import (
    MessageDelayed,
    MessageError,
    MessageRefused,
    MessageUnsure,
    PersonUnreachable,
)
from slackbot.slack.outbound import retry
from slackbot.slack.outbound.retry import TRIES, send_with_retry


class Answer:
    """An answer whose first tries fail."""

    def __init__(self, *errors: MessageError) -> None:
        self.errors = list(errors)
        self.tries = 0

    async def __call__(self) -> str:
        self.tries += 1
        if self.errors:
            raise self.errors.pop(0)
        return "sent"


@pytest.fixture(autouse=True)
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "BACKOFF", ExponentialBackoff(0.0, 0.0))


@pytest.mark.parametrize("error", [MessageUnsure("no_answer"), MessageDelayed("ratelimited", 0.0)])
async def test_an_answer_that_fails_is_tried_again(error: MessageError):
    """Even if it may have been accepted: a second answer does less harm than none."""
    answer = Answer(*[error] * (TRIES - 1))
    assert await send_with_retry(answer) == "sent"
    assert answer.tries == TRIES


@pytest.mark.parametrize("error", [MessageUnsure("no_answer"), MessageDelayed("ratelimited", 0.0)])
async def test_the_tries_are_bounded(error: MessageError):
    """The person has given up by then."""
    answer = Answer(*[error] * TRIES)
    with pytest.raises(type(error)):
        await send_with_retry(answer)
    assert answer.tries == TRIES


async def test_tries_of_the_queue_count():
    """The queue sits out short waits itself."""
    answer = Answer(MessageDelayed("ratelimited", 0.0, tries=TRIES))
    with pytest.raises(MessageDelayed):
        await send_with_retry(answer)
    assert answer.tries == 1


@pytest.mark.parametrize("error", [MessageRefused("odd"), PersonUnreachable("user_disabled")])
async def test_a_refused_answer_is_not_tried_again(error: MessageError):
    """The caller may have another way to bring it."""
    answer = Answer(error)
    with pytest.raises(type(error)):
        await send_with_retry(answer)
    assert answer.tries == 1
