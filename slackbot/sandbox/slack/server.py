"""Slack on one machine: the state, its people, and the ASGI application."""

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from slackbot.sandbox.slack.dials import dial_routes
from slackbot.sandbox.slack.line import with_cutter
from slackbot.sandbox.slack.person import Person
from slackbot.sandbox.slack.response_url import ResponseUrlEndpoint
from slackbot.sandbox.slack.socket_connection import SocketModeEndpoint
from slackbot.sandbox.slack.state import BOT_TOKEN, SIGNING_SECRET, TEAM_ID, World
from slackbot.sandbox.slack.webapi import WebApi
from slackbot.sandbox.slack.workspace import APP_ID, Workspace


class Slack(World):
    """One Slack with the app installed in workspace T0DEMO, people ada and priya.

    Serve `slack.app`; the bot's Web API base URL is then `{base}/api/`. People reach the bot by
    signed HTTP, or over Socket Mode once it has asked for a connection. response_urls are built
    on `base_url`: set it once served (or leave it to the first request's Host header, if the bot
    calls before anyone types).
    """

    def __init__(self, *, signing_secret: str = SIGNING_SECRET) -> None:
        super().__init__(signing_secret=signing_secret)
        demo = self.add_workspace(TEAM_ID, token=BOT_TOKEN)
        demo.add("ada", real_name="Ada Byron")
        demo.add("priya", real_name="Priya Raman", tz="Asia/Kolkata")
        self._routes = Starlette(
            routes=[
                Route("/api/{method}", WebApi(self), methods=["GET", "POST"]),
                Route("/response/{secret}", ResponseUrlEndpoint(self), methods=["POST"]),
                WebSocketRoute("/link", SocketModeEndpoint(self.socket_mode, APP_ID, self.problem)),
                *dial_routes(self),
            ]
        )

    @property
    def workspace(self) -> Workspace:
        """The default workspace."""
        return self.workspaces[TEAM_ID]

    @property
    def token(self) -> str:
        """The bot token of the default workspace."""
        return self.workspace.token

    @property
    def app_token(self) -> str:
        """The app-level token, for Socket Mode."""
        return self.socket_mode.token

    def person(self, name: str, *, bot_url: str | None = None, team: str | None = None) -> Person:
        """Someone to drive, by handle or user id; KeyError when the workspace has no such person.

        `bot_url` is where the bot is served (default `slack.bot_url`).
        """
        workspace = self.workspaces[team or TEAM_ID]
        member = workspace.named(name)
        address = bot_url or self.bot_url
        return Person(self, workspace, member, address or "")

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        if scope["type"] == "http" and self.base_url is None:
            host = Headers(scope=scope).get("host")
            self.base_url = f"{scope['scheme']}://{host}" if host else None
        await self._routes(with_cutter(scope, send), receive, send)
