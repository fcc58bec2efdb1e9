"""The Bolt app with its settings, listeners and HTTP endpoint."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, cast

from slack_bolt.adapter.asgi.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient
from starlette.types import ASGIApp

from slackbot.slack.inbound.admission import ConcurrencyLimiter
from slackbot.slack.inbound.http import SignatureMiddleware, report_unreadable
from slackbot.slack.inbound.listeners import (
    Parts,
    actions,
    commands,
    contacts,
    events,
    lifecycle,
    messages,
    shortcuts,
    views,
)
from slackbot.slack.inbound.workspace import workspace_guard
from slackbot.slack.installations import SingleInstallation
from slackbot.slack.manifest import PATH
from slackbot.slack.request_context import timed


class LimitedApp(AsyncApp):
    """A Bolt app with a limit on concurrent requests, for both HTTP and Socket Mode."""

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

    `process_before_response` avoids the 10 ms that Bolt otherwise waits between checks for `ack()`.
    A custom `authorize` function avoids a call to `auth.test` for every request. In Socket Mode,
    requests are not signed and the secret may be empty.
    """
    # Bolt passes arguments by name, including `self`, so a bound method cannot be used.
    authorize = partial(SingleInstallation.authorize, installation)
    logger = logging.getLogger("slack_bolt")
    # Bolt reads SLACK_BOT_TOKEN and warns that it uses the client's token, which is intended.
    logger.setLevel(logging.ERROR)
    app = LimitedApp(
        name=logger.name,  # otherwise Bolt inspects the whole call stack for a name
        client=client,
        signing_secret=signing_secret,
        before_authorize=workspace_guard(installation, parts.responder),
        authorize=cast("Callable[..., Awaitable[AuthorizeResult]]", authorize),
        process_before_response=True,
        raise_error_for_unhandled_request=False,
        # By default, Bolt uses the root level and logs complete responses at "debug".
        logger=logger,
    )
    logger.setLevel(logging.WARNING)
    for kind in (commands, contacts, actions, shortcuts, views, lifecycle, messages):
        kind.register(app, parts)

    async def no_options(ack: AsyncAck) -> None:
        # The bot has no menus with external options, so respond with an empty list.
        await ack(options=[])

    app.options(re.compile(r"[\s\S]*"))(timed("options", no_options))
    events.register(app, parts)  # last, because it ignores events that have no listener

    @app.error
    async def failed(error: Exception) -> BoltResponse:
        """Respond to a signed request that no listener could parse or finish in time."""
        if isinstance(error, lifecycle.NotDone):
            return BoltResponse(status=503, body="")
        report_unreadable(error)
        return BoltResponse(status=400, body="")

    return app


def endpoint(app: AsyncApp, signing_secret: str) -> SignatureMiddleware:
    """Return the ASGI app for requests to `PATH`."""
    return SignatureMiddleware(
        cast("ASGIApp", AsyncSlackRequestHandler(app, path=PATH)), signing_secret
    )
