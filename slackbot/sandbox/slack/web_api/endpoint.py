"""The Web API over HTTP: `/api/{method}`, form or JSON, as strict as Slack or slightly stricter."""

import asyncio
import json
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from slackbot.sandbox.slack.abort import abort
from slackbot.sandbox.slack.errors import Json, SlackError
from slackbot.sandbox.slack.faults import CallProgress, Fault
from slackbot.sandbox.slack.state import Call, SlackState
from slackbot.sandbox.slack.web_api.apps import APPS
from slackbot.sandbox.slack.web_api.chat import CHAT
from slackbot.sandbox.slack.web_api.conversations import CONVERSATIONS
from slackbot.sandbox.slack.web_api.method import Method
from slackbot.sandbox.slack.web_api.users import USERS
from slackbot.sandbox.slack.web_api.views import VIEWS
from slackbot.sandbox.slack.workspace import APP_ID, Workspace

METHODS: dict[str, Method] = {**CHAT, **CONVERSATIONS, **USERS, **VIEWS}
# Arguments that may be JSON in a string, and the error if it is invalid.
_JSON_ARGUMENTS = {
    "blocks": "invalid_blocks_format",
    "metadata": "invalid_metadata_format",
    "view": "invalid_arguments",
}
_BOOLEANS = {
    "as_user",
    "include_all_metadata",
    "include_locale",
    "inclusive",
    "link_names",
    "mrkdwn",
    "prevent_creation",
    "reply_broadcast",
    "return_im",
    "unfurl_links",
    "unfurl_media",
}


class WebApi:
    """An ASGI endpoint for all methods."""

    def __init__(self, slack: SlackState) -> None:
        self._slack = slack

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call, with its fault if there is one."""
        request = Request(scope, receive)
        name = request.path_params["method"]
        port = request.client.port if request.client else 0
        self._slack.faults.notify(CallProgress(name, "arrived", port))
        fault = self._slack.faults.take(name) or Fault(name)
        await asyncio.sleep(fault.delay)
        call = Call(
            name,
            self._slack.clock.now(),
            dropped=fault.drop is not None,
            ordered=fault.error is not None,
        )
        self._slack.calls.append(call)
        if fault.drop == "before":
            await abort(scope, send)
        elif fault.status is not None and fault.error is None:
            call.error = f"http {fault.status}"
            empty = Response(status_code=fault.status, headers=_retry_after(fault.retry_after))
            await empty(scope, receive, send)
        else:
            try:
                response = await self._respond(request, call, fault)
            except ClientDisconnect:
                call.error = "never came whole"
                await abort(scope, send)
                return
            if call.ok:
                self._slack.faults.notify(CallProgress(name, "taken", port))
            await (abort(scope, send) if fault.drop else response(scope, receive, send))
        self._slack.changes.notify()

    async def _respond(self, request: Request, call: Call, fault: Fault) -> Response:
        status, headers = 200, {}
        try:
            body = {"ok": True, **await self._execute(request, call, fault)}
            call.ok = True
        except SlackError as error:
            body, status, headers = error.body(), error.status, _retry_after(error.retry_after)
            call.error = error.code
        if call.team_id is not None:
            scopes = self._slack.workspaces[call.team_id].scopes
            headers["x-oauth-scopes"] = ",".join(sorted(scopes))
        return JSONResponse(body, status, headers)

    async def _execute(self, request: Request, call: Call, fault: Fault) -> Json:
        """Authenticate and run one call; raise `SlackError` if Slack would refuse it."""
        if call.method in APPS:
            fault.raise_error()
            self._slack.rate_limits.call(APP_ID, call.method)
            return APPS[call.method](self._slack, _bearer(request))
        if call.method not in METHODS:
            raise SlackError("unknown_method")
        method = METHODS[call.method]
        call.args, token = await _read(request, reads_json=method.reads_json)
        workspace = self._authenticate(token)
        call.team_id = workspace.team_id
        fault.raise_error()
        return self._run(workspace, call.method, method, call.args)

    def _authenticate(self, token: str | None) -> Workspace:
        if not token:
            raise SlackError("not_authed")
        if token == self._slack.socket_mode.token:
            raise SlackError("not_allowed_token_type")
        workspace = self._slack.by_token(token)
        if workspace is None:
            raise SlackError("invalid_auth")
        if workspace.state != "active":
            raise SlackError(workspace.state)
        return workspace

    def _run(self, workspace: Workspace, name: str, method: Method, args: Json) -> Json:
        """Check rate limit, scope and arguments, then execute the method."""
        self._slack.rate_limits.call(workspace.team_id, name)
        if method.scope is not None and method.scope not in workspace.scopes:
            provided = ",".join(sorted(workspace.scopes))
            raise SlackError("missing_scope", extra={"needed": method.scope, "provided": provided})
        unknown = args.keys() - method.takes - {"team_id"}  # Bolt sends team_id with every call
        wrong = [f"unknown argument: {key}" for key in sorted(unknown)]
        wrong += [f"missing required field: {key}" for key in sorted(method.needs - args.keys())]
        if args.get("team_id", workspace.team_id) != workspace.team_id:
            wrong.append("team_id is another workspace's than the token's")
        if wrong:
            raise SlackError("invalid_arguments", messages=wrong)
        return method.handle(self._slack, workspace, args)


async def _read(request: Request, *, reads_json: bool) -> tuple[Json, str | None]:
    """Return arguments and token; like Slack, ignore a token in a JSON body."""
    args: Json = dict(request.query_params)
    kind = request.headers.get("content-type", "").partition(";")[0]
    body = await request.body()
    if kind == "application/x-www-form-urlencoded":
        args |= dict(parse_qsl(body.decode(), keep_blank_values=True))
    token = args.pop("token", None)
    if kind == "application/json" and body and reads_json:
        try:
            given = json.loads(body)
        except ValueError:
            raise SlackError("invalid_json") from None
        if not isinstance(given, dict):
            raise SlackError("json_not_object")
        args |= given
    token = _bearer(request) or token
    return {key: _decode(key, value) for key, value in args.items() if value is not None}, token


def _bearer(request: Request) -> str | None:
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    return bearer.strip() if scheme.lower() == "bearer" else None


def _decode(key: str, value: object) -> object:
    """Decode blocks, views and metadata given as a JSON string, and booleans given as words."""
    if key in _JSON_ARGUMENTS and isinstance(value, str):
        try:
            decoded: object = json.loads(value)
        except ValueError:
            raise SlackError(_JSON_ARGUMENTS[key]) from None
        return decoded
    if key in _BOOLEANS and not isinstance(value, bool):
        return str(value).lower() in {"1", "true"}
    return value


def _retry_after(seconds: int | None) -> dict[str, str]:
    return {} if seconds is None else {"retry-after": str(seconds)}
