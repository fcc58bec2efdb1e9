"""Slack's rate limits: calls a minute by method and workspace, messages a second by channel."""

import math
from collections import deque

from slackbot.sandbox.slack.clock import Clock
from slackbot.sandbox.slack.errors import SlackError

TIER_2, TIER_3, TIER_4 = 20, 50, 100  # calls a minute
PER_MINUTE = {
    "apps.connections.open": TIER_2,  # its page says tier 3, slack_sdk tier 1
    "auth.test": 300,  # "hundreds a minute"
    "chat.delete": TIER_3,
    "chat.postEphemeral": TIER_4,
    "chat.postMessage": 300,
    "chat.update": TIER_3,
    "conversations.history": TIER_3,
    "conversations.open": TIER_3,
    "dnd.info": TIER_3,
    "users.info": TIER_4,
    "views.open": TIER_4,
    "views.publish": TIER_4,
    "views.push": TIER_4,
    "views.update": TIER_4,
}
CHANNEL_SECONDS = 1.0  # between two messages to one channel
JITTER_SECONDS = 0.05  # tolerated: a caller that paces itself exactly is a little early at times


class RateLimits:
    """Raises ratelimited (status 429, Retry-After in seconds) while `enabled`."""

    def __init__(self, clock: Clock) -> None:
        self.enabled = True
        self.per_minute = dict(PER_MINUTE)
        self.channel_seconds = CHANNEL_SECONDS
        self._clock = clock
        self._calls: dict[tuple[str, str], deque[float]] = {}  # Unix seconds by (team, method)
        self._posted: dict[tuple[str, str], float] = {}  # Unix seconds by (team, channel)

    def call(self, team_id: str, method: str) -> None:
        """Count one call of a method in a workspace; a refused call is not counted."""
        limit = self.per_minute.get(method)
        if not self.enabled or limit is None:
            return
        now = self._clock.now()
        recent = self._calls.setdefault((team_id, method), deque())
        while recent and now - recent[0] >= 60:
            recent.popleft()
        if len(recent) >= limit:
            raise _ratelimited(60 - (now - recent[0]))
        recent.append(now)

    def message(self, team_id: str, channel: str) -> None:
        """Count one message to a channel; a refused message is not counted."""
        if not self.enabled:
            return
        now = self._clock.now()
        wait = self._posted.get((team_id, channel), -math.inf) + self.channel_seconds - now
        if wait > JITTER_SECONDS:
            raise _ratelimited(wait)
        self._posted[team_id, channel] = now


def _ratelimited(wait: float) -> SlackError:
    return SlackError("ratelimited", status=429, retry_after=max(1, math.ceil(wait)))
