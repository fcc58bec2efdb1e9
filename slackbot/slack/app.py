"""The Bolt app: its settings, its listeners, and its HTTP endpoint."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast

from slack_bolt.adapter.asgi.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from slackbot.aio.tasks import BackgroundTasks
from slackbot.services.accounts import Accounts
from slackbot.slack.commands.call_buttons import CallButtons
from slackbot.slack.commands.connect_flow import ConnectFlow
from slackbot.slack.commands.handlers import CommandHandlers
from slackbot.slack.commands.responder import Responder
from slackbot.slack.inbound.admission import ConcurrencyLimiter
from slackbot.slack.inbound.http import ASGIApp, SignatureMiddleware, report_unreadable
from slackbot.slack.inbound.listeners import actions, commands, events, lifecycle, views
from slackbot.slack.installations import SingleInstallation
from slackbot.slack.manifest import PATH
from slackbot.slack.request_context import timed


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The objects that the listeners use."""

    slash: str
    handlers: CommandHandlers
    connect_flow: ConnectFlow
    call_buttons: CallButtons
    responder: Responder
    accounts: Accounts
    background: BackgroundTasks
    record_event: events.RecordEvent


class LimitedApp(AsyncApp):
    """A Bolt app that limits how many requests it handles at once, over HTTP or Socket Mode."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._limiter = ConcurrencyLimiter()

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """Handle one request."""
        async with self._limiter.slot():
            return await super().async_dispatch(req)


def bolt_app(
    client: AsyncWebClient, installation: SingleInstallation, signing_secret: str, parts: Parts
) -> AsyncApp:
    """Build the Bolt app with its listeners.

    `process_before_response` spares the 10 ms for which Bolt otherwise polls for each `ack()`, and
    `authorize` is ours, so that no request waits for `auth.test`. Over Socket Mode nothing is
    signed, and the secret may be empty.
    """

    async def authorize(
        enterprise_id: str | None, team_id: str | None, user_id: str | None
    ) -> AuthorizeResult | None:
        return await installation.authorize(enterprise_id, team_id, user_id)

    logger = logging.getLogger("slack_bolt")
    # Bolt reads SLACK_BOT_TOKEN itself and warns that it prefers the client's token; that is meant.
    logger.setLevel(logging.ERROR)
    app = LimitedApp(
        client=client,
        signing_secret=signing_secret,
        authorize=cast("Callable[..., Awaitable[AuthorizeResult]]", authorize),
        process_before_response=True,
        raise_error_for_unhandled_request=False,
        # Without a logger Bolt takes the root's level, and logs whole answers at "debug".
        logger=logger,
    )
    logger.setLevel(logging.WARNING)
    _register(app, parts)

    @app.error
    async def failed(error: Exception) -> BoltResponse:
        """Answer a signed request that no listener could read, or finish in time."""
        if isinstance(error, lifecycle.NotDone):
            return BoltResponse(status=503, body="")
        report_unreadable(error)
        return BoltResponse(status=400, body="")

    return app


def _register(app: AsyncApp, parts: Parts) -> None:
    commands.register(
        app,
        slash=parts.slash,
        handlers=parts.handlers,
        connect_flow=parts.connect_flow,
        responder=parts.responder,
    )
    actions.register(
        app,
        handlers=parts.handlers,
        connect_flow=parts.connect_flow,
        call_buttons=parts.call_buttons,
        responder=parts.responder,
    )
    views.register(app, connect_flow=parts.connect_flow)

    async def no_options(ack: AsyncAck) -> None:
        # The bot has no menus that load their options, so Slack gets none at once.
        await ack(options=[])

    app.options(re.compile(r"[\s\S]*"))(timed("options", no_options))
    lifecycle.register(
        app,
        accounts=parts.accounts,
        background=parts.background,
        record_event=parts.record_event,
    )
    events.register(
        app,
        handlers=parts.handlers,
        responder=parts.responder,
        background=parts.background,
        record_event=parts.record_event,
    )


def endpoint(app: AsyncApp, signing_secret: str) -> SignatureMiddleware:
    """Return the ASGI app to serve at `PATH`."""
    return SignatureMiddleware(
        cast("ASGIApp", AsyncSlackRequestHandler(app, path=PATH)), signing_secret
    )
