"""Short-lived tokens that Slack issues with an interaction: trigger ids and response_urls."""

import secrets
from dataclasses import dataclass

from slackbot.sandbox.slack.clock import Clock
from slackbot.sandbox.slack.errors import SlackError

TRIGGER_SECONDS = 3.0
RESPONSE_URL_SECONDS = 30 * 60.0
RESPONSE_URL_USES = 5


@dataclass(slots=True)
class Trigger:
    """Permission to open one modal for the user who acted."""

    team_id: str
    user: str
    born: float  # Unix seconds
    used: bool = False


class Triggers:
    """Trigger ids: valid for three seconds and one use."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._minted: dict[str, Trigger] = {}

    def mint(self, team_id: str, user: str) -> str:
        """Return a new trigger id."""
        trigger_id = f"{int(self._clock.now() * 1000)}.{len(self._minted)}.{secrets.token_hex(16)}"
        self._minted[trigger_id] = Trigger(team_id, user, self._clock.now())
        return trigger_id

    def spend(self, trigger_id: object, team_id: str) -> str:
        """Use a trigger id and return its user.

        Raises:
            SlackError: invalid_, exchanged_ or expired_trigger_id.
        """
        trigger = self._minted.get(trigger_id) if isinstance(trigger_id, str) else None
        if trigger is None or trigger.team_id != team_id:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if self._clock.now() - trigger.born > TRIGGER_SECONDS:
            raise SlackError("expired_trigger_id")
        trigger.used = True
        return trigger.user


@dataclass(slots=True)
class ResponseUrl:
    """The destination of responses to one interaction."""

    team_id: str
    user: str
    channel: str
    message_ts: str | None  # None for a slash command
    born: float  # Unix seconds
    uses: int = 0


class ResponseUrls:
    """response_urls: valid for thirty minutes and five uses."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._minted: dict[str, ResponseUrl] = {}

    def mint(self, team_id: str, user: str, channel: str, message_ts: str | None) -> str:
        """Return the secret, the last part of a new URL."""
        secret = secrets.token_urlsafe(18)
        self._minted[secret] = ResponseUrl(team_id, user, channel, message_ts, self._clock.now())
        return secret

    def take(self, secret: str) -> ResponseUrl:
        """Use a URL once. A rejected body counts as well: nothing says that Slack refunds it.

        Raises:
            SlackError: expired_url or used_url, both with HTTP status 404.
        """
        url = self._minted.get(secret)
        if url is None or self._clock.now() - url.born > RESPONSE_URL_SECONDS:
            raise SlackError("expired_url", status=404)
        if url.uses >= RESPONSE_URL_USES:
            raise SlackError("used_url", status=404)
        url.uses += 1
        return url
