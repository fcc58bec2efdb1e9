"""What a Web API method is made of: its handler, scope and arguments."""

from collections.abc import Callable
from dataclasses import dataclass

from slackbot.sandbox.slack.errors import Json
from slackbot.sandbox.slack.state import World
from slackbot.sandbox.slack.workspace import Workspace

Handle = Callable[[World, Workspace, Json], Json]


@dataclass(frozen=True, slots=True)
class Method:
    """`scope` is what the token must have, `needs` and `takes` the arguments by name."""

    handle: Handle
    scope: str | None
    needs: frozenset[str]
    takes: frozenset[str]
    reads_json: bool = True


def method(
    handle: Handle, scope: str | None, needs: str = "", takes: str = "", *, reads_json: bool = True
) -> Method:
    """A method; `needs` and `takes` are names divided by spaces."""
    return Method(
        handle,
        scope,
        frozenset(needs.split()),
        frozenset((needs + " " + takes).split()),
        reads_json,
    )
