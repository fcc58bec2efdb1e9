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

from slackbot.services.accounts import Accounts
from slackbot.services.background import Background
from slackbot.slack.answers import Answers
from slackbot.slack.calling import Calling
from slackbot.slack.endpoint import ASGIApp, SignedOnly, unreadable
from slackbot.slack.installations import SingleInstallation
from slackbot.slack.linking import Linking
from slackbot.slack.listeners import actions, commands, events, leaving, options, views
from slackbot.slack.replies import Replies
from slackbot.slack.turns import Turns

PATH = "/slack/events"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the listeners need."""

    slash: str
    answers: Answers
    linking: Linking
    calling: Calling
    replies: Replies
    accounts: Accounts
    background: Background
    first_sight: events.FirstSight


class InTurn(AsyncApp):
    """Bolt's app, which takes inputs up in turn, however they come in."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._turns = Turns()

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
        first_sight=parts.first_sight,
    )
    events.register(
        app,
        answers=parts.answers,
        replies=parts.replies,
        background=parts.background,
        first_sight=parts.first_sight,
    )


def endpoint(app: AsyncApp, signing_secret: str) -> SignedOnly:
    """The ASGI app that is served at `PATH`."""
    return SignedOnly(cast("ASGIApp", AsyncSlackRequestHandler(app, path=PATH)), signing_secret)
