"""Slack's rate limits, with a clock that tests advance."""

import pytest
from slack_harness import running, section
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler

from slackbot.sandbox.slack.clock import Clock
from slackbot.sandbox.slack.errors import SlackError
from slackbot.sandbox.slack.rate_limits import PER_MINUTE, RateLimits


@pytest.mark.parametrize("method", PER_MINUTE)
def test_each_method_has_its_tier(method: str):
    """Calls up to the tier pass; the next is refused for at most a minute, per workspace."""
    clock = Clock()
    limits = RateLimits(clock)
    for _ in range(PER_MINUTE[method]):
        limits.call("T1", method)
    with pytest.raises(SlackError) as refusal:
        limits.call("T1", method)
    assert refusal.value.status == 429
    assert 0 < (refusal.value.retry_after or 0) <= 60
    limits.call("T2", method)
    clock.advance(60)
    limits.call("T1", method)


def test_one_message_a_second_a_channel():
    """The second message within a second is refused; one to another channel is not."""
    clock = Clock()
    limits = RateLimits(clock)
    limits.message("T1", "D1")
    limits.message("T1", "D2")
    with pytest.raises(SlackError) as refusal:
        limits.message("T1", "D1")
    assert refusal.value.retry_after == 1
    clock.advance(1)
    limits.message("T1", "D1")


def test_limits_can_be_off():
    """While disabled, nothing is refused or counted."""
    limits = RateLimits(Clock())
    limits.enabled = False
    for _ in range(200):
        limits.message("T1", "D1")
        limits.call("T1", "chat.update")
    limits.enabled = True
    limits.call("T1", "chat.update")
    limits.call("T1", "no.limit")


async def test_the_sdk_respects_retry_after():
    """429 carries Retry-After, and the SDK's own retry handler succeeds with it."""
    async with running() as here:
        here.slack.rate_limits.channel_seconds = 0.2
        await here.client.chat_postMessage(channel=here.dm, text="one")
        with pytest.raises(SlackApiError) as refusal:
            await here.client.chat_postMessage(channel=here.dm, text="two")
        answer = refusal.value.response
        assert (answer.status_code, answer["error"]) == (429, "ratelimited")
        assert answer.headers["retry-after"] == "1"
        here.client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=1))
        await here.client.chat_postMessage(channel=here.dm, text="two")
        assert [s.text for s in await here.ada.sees()] == ["one", "two"]


async def test_a_refused_message_does_not_use_up_the_second():
    """Only stored messages count for their channel."""
    async with running() as here:
        with pytest.raises(SlackApiError, match="invalid_blocks"):
            await here.client.chat_postMessage(channel=here.dm, text="x", blocks=[section("")])
        await here.client.chat_postMessage(channel=here.dm, text="x")
