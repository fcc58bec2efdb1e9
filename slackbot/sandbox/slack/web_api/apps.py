"""apps.*: the methods of an app-level token, which no workspace has a part in."""

from collections.abc import Callable, Mapping

from slackbot.sandbox.slack.errors import Json
from slackbot.sandbox.slack.state import SlackState
from slackbot.sandbox.slack.workspace import APP_ID

HandleApp = Callable[[SlackState, str | None], Json]


def _connections_open(slack: SlackState, token: str | None) -> Json:
    slack.socket_mode.authorise(token, {w.token for w in slack.workspaces.values()})
    base = slack.address("/link").replace("http", "ws", 1)
    return {"url": f"{base}?ticket={slack.socket_mode.ticket()}&app_id={APP_ID}"}


APPS: Mapping[str, HandleApp] = {"apps.connections.open": _connections_open}
