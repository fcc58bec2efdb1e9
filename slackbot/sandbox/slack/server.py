"""Slack on one machine: its state and users, and the ASGI application."""

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from slackbot.sandbox.slack.abort import with_transport
from slackbot.sandbox.slack.control_api import control_routes
from slackbot.sandbox.slack.response_url import ResponseUrlEndpoint
from slackbot.sandbox.slack.state import SIGNING_SECRET, SlackState
from slackbot.sandbox.slack.user import User, find_user
from slackbot.sandbox.slack.web_api.endpoint import WebApi


class Slack(SlackState):
    """A Slack with the app installed in workspace T0DEMO, where ada and priya are.

    Serve `slack.app`; the bot's Web API base URL is then `{base}/api/`. Users reach the bot over
    signed HTTP, or over Socket Mode once it has asked for a connection. response_urls start with
    `base_url`: set it once served, or leave it to the Host header of the first request if the bot
    calls before any user acts.
    """

    def __init__(self, *, signing_secret: str = SIGNING_SECRET) -> None:
        super().__init__(signing_secret=signing_secret)
        self._routes = Starlette(
            routes=[
                Route("/api/{method}", WebApi(self), methods=["GET", "POST"]),
                Route("/response/{secret}", ResponseUrlEndpoint(self), methods=["POST"]),
                WebSocketRoute("/link", self.socket_mode.serve),
                *control_routes(self),
            ]
        )

    @property
    def token(self) -> str:
        """The bot token of the default workspace."""
        return self.workspace.token

    @property
    def app_token(self) -> str:
        """The app-level token, for Socket Mode."""
        return self.socket_mode.token

    def user(self, name: str, *, bot_url: str | None = None, team: str | None = None) -> User:
        """Return a user by handle or id, whose bot is at `bot_url` (default `slack.bot_url`).

        Raises:
            KeyError: the workspace does not exist or has no such user.
        """
        return find_user(self, name, bot_url=bot_url, team=team)

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve as an ASGI application."""
        if scope["type"] == "http" and self.base_url is None:
            host = Headers(scope=scope).get("host")
            self.base_url = f"{scope['scheme']}://{host}" if host else None
        await self._routes(with_transport(scope, send), receive, send)
