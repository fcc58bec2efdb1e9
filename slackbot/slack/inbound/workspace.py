"""Reject and log requests from workspaces that the bot does not serve."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.response import BoltResponse

from slackbot.slack import texts
from slackbot.slack.blocks.message import Draft
from slackbot.slack.blocks.modals import notice
from slackbot.slack.commands.responder import Responder
from slackbot.slack.inbound.refusal_log import RefusalLog
from slackbot.slack.installations import InstallationRefused, SingleInstallation
from slackbot.slack.origin import Origin, origin_of
from slackbot.telemetry import REFUSED_REQUESTS

REASON: Final = "other_workspace"
# Payloads that do not come from a workspace.
UNBOUND: Final = {"url_verification", "app_rate_limited"}
REMOVALS: Final = {"app_uninstalled", "tokens_revoked"}

Guard = Callable[..., Awaitable[BoltResponse | None]]


def workspace_guard(installation: SingleInstallation, responder: Responder) -> Guard:
    """Return middleware that reads the origin of a payload and rejects other workspaces.

    Listeners and `authorize` read the origin from the context, so they all use the same values.
    """
    refusals = RefusalLog()

    async def guard(
        context: AsyncBoltContext, body: dict[str, Any], next_: Callable[[], Awaitable[None]]
    ) -> BoltResponse | None:
        origin = origin_of(body)
        context["origin"] = origin
        ids = {"team_id": origin.team, "user_id": origin.user, "enterprise_id": origin.enterprise}
        for name, value in ids.items():
            context[name] = value
        if _is_unbound(body) or await _serves(installation, origin):
            await next_()
            return None
        REFUSED_REQUESTS.labels(reason=REASON).inc()
        refusals.record(REASON, team=origin.team)
        return _answer(body, origin, responder)

    return guard


def _is_unbound(body: Mapping[str, Any]) -> bool:
    event = body.get("event")
    removal = isinstance(event, dict) and event.get("type") in REMOVALS
    return removal or body.get("type") in UNBOUND or "ssl_check" in body


async def _serves(installation: SingleInstallation, origin: Origin) -> bool:
    try:
        return origin.team == (await installation.get()).team
    except InstallationRefused:
        return False


def _answer(body: Mapping[str, Any], origin: Origin, responder: Responder) -> BoltResponse:
    """Answer that the bot does not serve this workspace. Events are only acknowledged."""
    message = Draft().say(texts.OTHER_WORKSPACE).done()
    content: Any = ""
    if "command" in body:
        content = {"response_type": "ephemeral", **message.payload()}
    elif body.get("type") == "view_submission":
        content = {"response_action": "update", "view": notice(message)}
    elif body.get("type") == "block_suggestion":
        content = {"options": []}
    elif body.get("type") == "block_actions" and (url := body.get("response_url")):
        send = responder.send(origin.person, str(url), message, replace=False)
        responder.background.start(send, "reply")
    return BoltResponse(status=200, body=content)
