"""The definition of a Web API method."""

from collections.abc import Callable
from dataclasses import dataclass

from slackbot.sandbox.slack.errors import Json
from slackbot.sandbox.slack.state import SlackState
from slackbot.sandbox.slack.workspace import Workspace

Handle = Callable[[SlackState, Workspace, Json], Json]


@dataclass(frozen=True, slots=True)
class Method:
    """A method: its handler, the scope it requires, and its arguments."""

    handle: Handle
    scope: str | None
    needs: frozenset[str]  # required arguments
    takes: frozenset[str]  # all arguments
    reads_json: bool = True


def method(
    handle: Handle, scope: str | None, needs: str = "", takes: str = "", *, reads_json: bool = True
) -> Method:
    """Return a method; `needs` (required) and `takes` (optional) are separated by spaces."""
    return Method(
        handle,
        scope,
        frozenset(needs.split()),
        frozenset((needs + " " + takes).split()),
        reads_json,
    )
