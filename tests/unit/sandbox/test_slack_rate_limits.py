"""Slack's limits, by a clock that tests put forward."""

import pytest
from slack_harness import section, stage
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler

from slackbot.sandbox.slack.clock import Clock
from slackbot.sandbox.slack.errors import SlackError
from slackbot.sandbox.slack.rate_limits import PER_MINUTE, RateLimits


@pytest.mark.parametrize("method", PER_MINUTE)
def test_each_method_has_its_tier(method: str):
    """Calls up to the tier pass, the next is refused for at most a minute, by workspace."""
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
    """The second message within a second waits; another channel does not."""
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
    """With the dial off nothing is refused or counted."""
    limits = RateLimits(Clock())
    limits.enabled = False
    for _ in range(200):
        limits.message("T1", "D1")
        limits.call("T1", "chat.update")
    limits.enabled = True
    limits.call("T1", "chat.update")
    limits.call("T1", "no.limit")


async def test_the_sdk_waits_as_told():
    """429 carries Retry-After, and the SDK's own handler gets through with it."""
    async with stage() as on:
        on.slack.rate_limits.channel_seconds = 0.2
        await on.client.chat_postMessage(channel=on.dm, text="one")
        with pytest.raises(SlackApiError) as refusal:
            await on.client.chat_postMessage(channel=on.dm, text="two")
        answer = refusal.value.response
        assert (answer.status_code, answer["error"]) == (429, "ratelimited")
        assert answer.headers["retry-after"] == "1"
        on.client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=1))
        await on.client.chat_postMessage(channel=on.dm, text="two")
        assert [s.text for s in await on.ada.sees()] == ["one", "two"]


async def test_a_refused_message_does_not_use_up_the_second():
    """Only messages that are stored count for their channel."""
    async with stage() as on:
        with pytest.raises(SlackApiError, match="invalid_blocks"):
            await on.client.chat_postMessage(channel=on.dm, text="x", blocks=[section("")])
        await on.client.chat_postMessage(channel=on.dm, text="x")
