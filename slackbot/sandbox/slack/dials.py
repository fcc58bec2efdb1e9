"""The sandbox's own routes, `/_sandbox/…`, JSON in and out: faults, limits, people.

Meant for a shell (`curl`) beside a running bot; tests have the same by Python.
"""

import json
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from slackbot.sandbox.slack.driving import ACTS, Dial, seen
from slackbot.sandbox.slack.errors import CannotDo, Json
from slackbot.sandbox.slack.faults import Fault
from slackbot.sandbox.slack.workspace import Workspace

if TYPE_CHECKING:
    from slackbot.sandbox.slack.server import Slack


async def _fault(slack: "Slack", given: Json) -> object:
    """`{method, times, delay, status, error, retry_after, drop}`, see `faults.Fault`."""
    slack.faults.order(Fault(**given))
    return {"orders": len(slack.faults.orders)}


async def _calm(slack: "Slack", _given: Json) -> object:
    """No more faults."""
    slack.faults.clear()
    return {}


async def _rates(slack: "Slack", given: Json) -> object:
    """`{on, channel_seconds, per_minute: {method: n}}`."""
    slack.rates.on = bool(given.get("on", slack.rates.on))
    slack.rates.channel_seconds = float(given.get("channel_seconds", slack.rates.channel_seconds))
    slack.rates.per_minute |= given.get("per_minute", {})
    return {"on": slack.rates.on}


async def _clock(slack: "Slack", given: Json) -> object:
    """`{advance: seconds}`."""
    slack.clock.advance(float(given["advance"]))
    return {"now": slack.clock.now()}


async def _scopes(slack: "Slack", given: Json) -> object:
    """`{team, add: [...], remove: [...]}`."""
    workspace = _workspace(slack, given)
    workspace.scopes |= set(given.get("add", ()))
    workspace.scopes -= set(given.get("remove", ()))
    return sorted(workspace.scopes)


async def _token(slack: "Slack", given: Json) -> object:
    """`{team, state}`: active, token_revoked, account_inactive or invalid_auth."""
    workspace = _workspace(slack, given)
    if given["state"] not in {"active", "token_revoked", "account_inactive", "invalid_auth"}:
        raise ValueError("state is active, token_revoked, account_inactive or invalid_auth")
    workspace.state = given["state"]
    return {"state": workspace.state}


async def _workspaces(slack: "Slack", given: Json) -> object:
    """`{team, token, name}`: another installation."""
    workspace = slack.add_workspace(
        given["team"], token=given.get("token"), name=given.get("name", "Another Workspace")
    )
    return {"team": workspace.team_id, "token": workspace.token}


async def _people(slack: "Slack", given: Json) -> object:
    """`{team, name, tz, real_name, email, deleted}`: a new person, or a change to one."""
    workspace = _workspace(slack, given)
    try:
        member = workspace.named(given["name"])
    except KeyError:
        told = {key: given[key] for key in ("tz", "real_name", "email") if key in given}
        member = workspace.add(given["name"], **told)
    member.deleted = bool(given.get("deleted", member.deleted))
    return asdict(member)


async def _bot(slack: "Slack", given: Json) -> object:
    """`{url}`: where the bot that people talk to is served."""
    slack.bot_url = str(given["url"])
    return {"url": slack.bot_url}


async def _socket_mode(slack: "Slack", given: Json) -> object:
    """`{enabled, greets, delay, deaf: silent|frozen|null, disconnect: reason, drop: true}`.

    The last three are done to every connection that is open.
    """
    mode = slack.socket_mode
    mode.enabled = bool(given.get("enabled", mode.enabled))
    mode.greets = bool(given.get("greets", mode.greets))
    mode.delay = float(given.get("delay", mode.delay))
    if given.get("deaf") not in {None, "silent", "frozen"}:
        raise ValueError("deaf is silent, frozen or null")
    for connection in list(mode.connections):
        if "deaf" in given:
            connection.deafen(given["deaf"])
        if "disconnect" in given:
            await connection.disconnect(str(given["disconnect"]))
        if given.get("drop"):
            connection.drop()
    return {"enabled": mode.enabled, "connections": len(mode.connections)}


def _workspace(slack: "Slack", given: Json) -> Workspace:
    team = given.get("team")
    return slack.workspaces[team] if team else slack.workspace


_DIALS: dict[str, Dial] = {
    "fault": _fault,
    "calm": _calm,
    "rates": _rates,
    "clock": _clock,
    "scopes": _scopes,
    "token": _token,
    "workspaces": _workspaces,
    "people": _people,
    "bot": _bot,
    "socket_mode": _socket_mode,
    **ACTS,
}


def _given(body: bytes) -> Json:
    given = json.loads(body or b"{}")
    if not isinstance(given, dict):
        raise TypeError("the body is a JSON object")
    return given


async def _turn(slack: "Slack", dial: Dial, request: Request) -> Response:
    """Run one dial; what it cannot do is a 400 with the reason."""
    try:
        return JSONResponse(await dial(slack, _given(await request.body())))
    except KeyError as missing:
        return JSONResponse({"error": f"unknown or missing: {missing}"}, 400)
    except (CannotDo, TypeError, ValueError) as refusal:
        return JSONResponse({"error": str(refusal)}, 400)


async def _index(_slack: "Slack", _request: Request) -> Response:
    told = {f"POST /_sandbox/{name}": dial.__doc__ for name, dial in _DIALS.items()}
    told["GET /_sandbox/calls"] = "Web API calls so far"
    told["GET /_sandbox/problems"] = "what real Slack would have dropped in silence"
    told["GET /_sandbox/seen/{user}"] = "everything on a person's screen"
    return JSONResponse(told)


async def _calls(slack: "Slack", _request: Request) -> Response:
    return JSONResponse([call.as_json() for call in slack.calls])


async def _problems(slack: "Slack", _request: Request) -> Response:
    return JSONResponse([asdict(problem) for problem in slack.problems])


def dial_routes(slack: "Slack") -> list[Route]:
    """Every route under `/_sandbox`."""
    posts = [
        Route(f"/_sandbox/{name}", partial(_turn, slack, dial), methods=["POST"])
        for name, dial in _DIALS.items()
    ]
    return [
        *posts,
        Route("/_sandbox", partial(_index, slack)),
        Route("/_sandbox/calls", partial(_calls, slack)),
        Route("/_sandbox/problems", partial(_problems, slack)),
        Route("/_sandbox/seen/{user}", partial(seen, slack)),
    ]
