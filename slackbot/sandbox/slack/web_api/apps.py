"""The apps.* methods, which take the app-level token and belong to no workspace."""

from collections.abc import Callable, Mapping

from slackbot.sandbox.slack.errors import Json
from slackbot.sandbox.slack.state import SlackState
from slackbot.sandbox.slack.workspace import APP_ID


def open_connection(slack: SlackState, token: str | None) -> Json:
    """Return a WebSocket URL for Socket Mode, good for one connection."""
    slack.socket_mode.authorise(token, {w.token for w in slack.workspaces.values()})
    base = slack.address("/link").replace("http", "ws", 1)
    return {"url": f"{base}?ticket={slack.socket_mode.ticket()}&app_id={APP_ID}"}


APPS: Mapping[str, Callable[[SlackState, str | None], Json]] = {
    "apps.connections.open": open_connection
}
