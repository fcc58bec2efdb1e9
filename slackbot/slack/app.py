"""The Bolt app: settings that matter, and the listeners."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast

from slack_bolt.adapter.asgi.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
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
from slackbot.slack.inbound.http import ASGIApp, SignatureMiddleware, unreadable
from slackbot.slack.inbound.listeners import actions, commands, events, options, views
from slackbot.slack.inbound.listeners import lifecycle as leaving
from slackbot.slack.installations import SingleInstallation

PATH = "/slack/events"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the listeners need."""

    slash: str
    answers: CommandHandlers
    linking: ConnectFlow
    calling: CallButtons
    replies: Responder
    accounts: Accounts
    background: BackgroundTasks
    record_event: events.RecordEvent


class InTurn(AsyncApp):
    """Bolt's app, which takes inputs up in turn, however they come in."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._turns = ConcurrencyLimiter()

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """Answer one request."""
        async with self._turns.turn():
            return await super().async_dispatch(req)


def bolt_app(
    client: AsyncWebClient, installation: SingleInstallation, signing_secret: str, parts: Parts
) -> AsyncApp:
    """Bolt with its listeners.

    `process_before_response` spares the 10 ms for which Bolt otherwise polls for each `ack()`, and
    `authorize` is ours, so that no request waits for `auth.test`. Over Socket Mode nothing is
    signed, and the secret may be empty.
    """

    async def authorize(
        enterprise_id: str | None, team_id: str | None, user_id: str | None
    ) -> AuthorizeResult | None:
        return await installation.authorize(enterprise_id, team_id, user_id)

    logger = logging.getLogger("slack_bolt")
    # Bolt finds SLACK_BOT_TOKEN by itself and warns that it goes by the client's; so it should.
    logger.setLevel(logging.ERROR)
    app = InTurn(
        client=client,
        signing_secret=signing_secret,
        authorize=cast("Callable[..., Awaitable[AuthorizeResult]]", authorize),
        process_before_response=True,
        raise_error_for_unhandled_request=False,
        # Without one Bolt takes the root's level, and at "debug" writes down whole answers.
        logger=logger,
    )
    logger.setLevel(logging.WARNING)
    _register(app, parts)

    @app.error
    async def failed(error: Exception) -> BoltResponse:
        """A signed request that no listener could make sense of, or not carry out in time."""
        if isinstance(error, leaving.NotDone):
            return BoltResponse(status=503, body="")
        unreadable(error)
        return BoltResponse(status=400, body="")

    return app


def _register(app: AsyncApp, parts: Parts) -> None:
    commands.register(
        app,
        slash=parts.slash,
        answers=parts.answers,
        linking=parts.linking,
        replies=parts.replies,
    )
    actions.register(
        app,
        answers=parts.answers,
        linking=parts.linking,
        calling=parts.calling,
        replies=parts.replies,
    )
    views.register(app, linking=parts.linking)
    options.register(app)
    leaving.register(
        app,
        accounts=parts.accounts,
        background=parts.background,
        record_event=parts.record_event,
    )
    events.register(
        app,
        answers=parts.answers,
        replies=parts.replies,
        background=parts.background,
        record_event=parts.record_event,
    )


def endpoint(app: AsyncApp, signing_secret: str) -> SignatureMiddleware:
    """The ASGI app that is served at `PATH`."""
    return SignatureMiddleware(
        cast("ASGIApp", AsyncSlackRequestHandler(app, path=PATH)), signing_secret
    )
