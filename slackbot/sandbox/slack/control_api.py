"""The sandbox's control API, `/_sandbox/…`, JSON in and out: faults, limits, workspaces, users.

Meant for a shell (`curl`) beside a running bot; tests do the same in Python. `GET /_sandbox` lists
the routes with the docstrings of their handlers.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from slackbot.sandbox.slack.errors import CannotDo, Json
from slackbot.sandbox.slack.faults import Fault
from slackbot.sandbox.slack.state import SlackState
from slackbot.sandbox.slack.user_api import UserApi
from slackbot.sandbox.slack.workspace import Workspace

Handler = Callable[[Json], Awaitable[object]]

TOKEN_STATES = {"active", "token_revoked", "account_inactive", "invalid_auth"}


class Knobs:
    """Handlers that change the state of Slack; the docstrings give the JSON body."""

    def __init__(self, slack: SlackState) -> None:
        self._slack = slack

    async def add_fault(self, given: Json) -> object:
        """Add a fault: `{method, times, delay, status, error, retry_after, drop}`."""
        self._slack.faults.order(Fault(**given))
        return {"orders": len(self._slack.faults.orders)}

    async def clear_faults(self, _given: Json) -> object:
        """Remove all faults."""
        self._slack.faults.clear()
        return {}

    async def set_rate_limits(self, given: Json) -> object:
        """Set rate limits: `{on, channel_seconds, per_minute: {method: n}}`."""
        limits = self._slack.rate_limits
        limits.enabled = bool(given.get("on", limits.enabled))
        limits.channel_seconds = float(given.get("channel_seconds", limits.channel_seconds))
        limits.per_minute |= given.get("per_minute", {})
        return {"on": limits.enabled}

    async def advance_clock(self, given: Json) -> object:
        """Advance the clock: `{advance: seconds}`."""
        self._slack.clock.advance(float(given["advance"]))
        return {"now": self._slack.clock.now()}

    async def change_scopes(self, given: Json) -> object:
        """Change the granted scopes: `{team, add: [...], remove: [...]}`."""
        workspace = self._workspace(given)
        workspace.scopes |= set(given.get("add", ()))
        workspace.scopes -= set(given.get("remove", ()))
        return sorted(workspace.scopes)

    async def set_token_state(self, given: Json) -> object:
        """Set the state of the token: `{team, state}`.

        The state is active, token_revoked, account_inactive or invalid_auth.
        """
        workspace = self._workspace(given)
        if given["state"] not in TOKEN_STATES:
            raise ValueError("state is active, token_revoked, account_inactive or invalid_auth")
        workspace.state = given["state"]
        return {"state": workspace.state}

    async def add_workspace(self, given: Json) -> object:
        """Add a workspace with the app installed: `{team, token, name}`."""
        workspace = self._slack.add_workspace(
            given["team"], token=given.get("token"), name=given.get("name", "Another Workspace")
        )
        return {"team": workspace.team_id, "token": workspace.token}

    async def change_member(self, given: Json) -> object:
        """Add or change a user: `{team, name, tz, real_name, email, deleted}`."""
        workspace = self._workspace(given)
        try:
            member = workspace.named(given["name"])
        except KeyError:
            profile = {key: given[key] for key in ("tz", "real_name", "email") if key in given}
            member = workspace.add(given["name"], **profile)
        member.deleted = bool(given.get("deleted", member.deleted))
        return asdict(member)

    async def set_bot_url(self, given: Json) -> object:
        """Set the address of the bot that users talk to: `{url}`."""
        self._slack.bot_url = str(given["url"])
        return {"url": self._slack.bot_url}

    async def set_socket_mode(self, given: Json) -> object:
        """Set Socket Mode: `{enabled, greets, delay, deaf, disconnect, drop}`.

        The last three apply to every open connection: `deaf` is silent, frozen or null,
        `disconnect` a reason, `drop` true.
        """
        mode = self._slack.socket_mode
        mode.enabled = bool(given.get("enabled", mode.enabled))
        mode.greets = bool(given.get("greets", mode.greets))
        mode.delay = float(given.get("delay", mode.delay))
        if given.get("deaf") not in {None, "silent", "frozen"}:
            raise ValueError("deaf is silent, frozen or null")
        for connection in list(mode.connections):
            if "deaf" in given:
                connection.stall(given["deaf"])
            if "disconnect" in given:
                await connection.disconnect(str(given["disconnect"]))
            if given.get("drop"):
                connection.drop()
        return {"enabled": mode.enabled, "connections": len(mode.connections)}

    def _workspace(self, given: Json) -> Workspace:
        team = given.get("team")
        return self._slack.workspaces[team] if team else self._slack.workspace


def control_routes(slack: SlackState) -> list[Route]:
    """Return every route under `/_sandbox`."""
    knobs, users = Knobs(slack), UserApi(slack)
    handlers: dict[str, Handler] = {
        "fault": knobs.add_fault,
        "calm": knobs.clear_faults,
        "rates": knobs.set_rate_limits,
        "clock": knobs.advance_clock,
        "scopes": knobs.change_scopes,
        "token": knobs.set_token_state,
        "workspaces": knobs.add_workspace,
        "people": knobs.change_member,
        "bot": knobs.set_bot_url,
        "socket_mode": knobs.set_socket_mode,
        "type": users.types,
        "shortcut": users.uses_shortcut,
        "click": users.clicks,
        "choose": users.chooses,
        "submit": users.submits,
        "close": users.closes,
        "home": users.opens_home,
    }

    async def index(_request: Request) -> Response:
        routes = {f"POST /_sandbox/{name}": run.__doc__ for name, run in handlers.items()}
        routes["GET /_sandbox/calls"] = "Web API calls so far"
        routes["GET /_sandbox/problems"] = "what real Slack would have dropped in silence"
        routes["GET /_sandbox/seen/{user}"] = "everything on a person's screen"
        return JSONResponse(routes)

    async def calls(_request: Request) -> Response:
        return JSONResponse([call.as_json() for call in slack.calls])

    async def problems(_request: Request) -> Response:
        return JSONResponse([asdict(problem) for problem in slack.problems])

    return [
        *(
            Route(f"/_sandbox/{name}", _endpoint(handler), methods=["POST"])
            for name, handler in handlers.items()
        ),
        Route("/_sandbox", index),
        Route("/_sandbox/calls", calls),
        Route("/_sandbox/problems", problems),
        Route("/_sandbox/seen/{user}", users.seen),
    ]


def _endpoint(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint that responds 400 with the reason if the handler refuses."""

    async def endpoint(request: Request) -> Response:
        try:
            given = json.loads(await request.body() or b"{}")
            if not isinstance(given, dict):
                return JSONResponse({"error": "the body is a JSON object"}, 400)
            return JSONResponse(await handler(given))
        except KeyError as missing:
            return JSONResponse({"error": f"unknown or missing: {missing}"}, 400)
        except (CannotDo, TypeError, ValueError) as refusal:
            return JSONResponse({"error": str(refusal)}, 400)

    return endpoint
