"""apps.*: the methods of an app-level token, which no workspace has a part in."""

from collections.abc import Callable, Mapping

from slackbot.sandbox.slack.errors import Json
from slackbot.sandbox.slack.state import World
from slackbot.sandbox.slack.workspace import APP_ID

HandleApp = Callable[[World, str | None], Json]


def _connections_open(world: World, token: str | None) -> Json:
    world.socket_mode.authorise(token, {w.token for w in world.workspaces.values()})
    base = world.address("/link").replace("http", "ws", 1)
    return {"url": f"{base}?ticket={world.socket_mode.ticket()}&app_id={APP_ID}"}


APPS: Mapping[str, HandleApp] = {"apps.connections.open": _connections_open}
