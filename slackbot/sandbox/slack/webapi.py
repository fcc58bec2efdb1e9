"""The Web API over HTTP: `/api/{method}`, form or JSON, as strict as Slack or a little more."""

import asyncio
import json
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from slackbot.sandbox.slack.errors import Json, SlackError
from slackbot.sandbox.slack.faults import Fault, Moment
from slackbot.sandbox.slack.line import cut
from slackbot.sandbox.slack.methods import Method
from slackbot.sandbox.slack.methods_apps import APPS
from slackbot.sandbox.slack.methods_chat import CHAT
from slackbot.sandbox.slack.methods_people import PEOPLE
from slackbot.sandbox.slack.methods_views import VIEWS
from slackbot.sandbox.slack.state import Call, World
from slackbot.sandbox.slack.workspace import APP_ID, Workspace

METHODS: dict[str, Method] = {**CHAT, **PEOPLE, **VIEWS}
_JSON_ARGUMENTS = {"blocks": "invalid_blocks_format", "view": "invalid_arguments"}
_JSON_ARGUMENTS["metadata"] = "invalid_metadata_format"
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
    """An ASGI endpoint."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One call, its fault first if one is ordered."""
        request = Request(scope, receive)
        name = request.path_params["method"]
        port = request.client.port if request.client else 0
        self._world.faults.tell(Moment(name, "arrived", port))
        fault = self._world.faults.take(name) or Fault(name)
        await asyncio.sleep(fault.delay)
        call = Call(
            name,
            self._world.clock.now(),
            dropped=fault.drop is not None,
            ordered=fault.error is not None,
        )
        self._world.calls.append(call)
        if fault.drop == "before":
            await cut(scope, send)
        elif fault.status is not None and fault.error is None:
            call.error = f"http {fault.status}"
            bare = Response(status_code=fault.status, headers=_retry_header(fault.retry_after))
            await bare(scope, receive, send)
        else:
            try:
                answer = await self._answer(request, call, fault)
            except ClientDisconnect:
                call.error = "never came whole"
                await cut(scope, send)
                return
            if call.ok:
                self._world.faults.tell(Moment(name, "taken", port))
            await (cut(scope, send) if fault.drop else answer(scope, receive, send))
        self._world.changes.tell()

    async def _answer(self, request: Request, call: Call, fault: Fault) -> Response:
        workspace: Workspace | None = None
        try:
            if call.method in APPS:
                return self._answer_app(request, call, fault)
            method = _method(call.method)
            args, token = await _read(request, reads_json=method.reads_json)
            call.args = args
            workspace = self._authenticate(token)
            call.team_id = workspace.team_id
            fault.refuse()
            body = self._run(workspace, call.method, method, args)
        except SlackError as refusal:
            call.error = refusal.code
            headers = _headers(workspace) | _retry_header(refusal.retry_after)
            return JSONResponse(refusal.body(), refusal.status, headers)
        call.ok = True
        return JSONResponse({"ok": True, **body}, headers=_headers(workspace))

    def _answer_app(self, request: Request, call: Call, fault: Fault) -> Response:
        """A method of the app-level token, which is taken from the header alone."""
        fault.refuse()
        self._world.rates.call(APP_ID, call.method)
        body = APPS[call.method](self._world, _bearer(request))
        call.ok = True
        return JSONResponse({"ok": True, **body})

    def _authenticate(self, token: str | None) -> Workspace:
        if not token:
            raise SlackError("not_authed")
        if token == self._world.socket_mode.token:
            raise SlackError("not_allowed_token_type")
        workspace = self._world.by_token(token)
        if workspace is None:
            raise SlackError("invalid_auth")
        if workspace.state != "active":
            raise SlackError(workspace.state)
        return workspace

    def _run(self, workspace: Workspace, name: str, method: Method, args: Json) -> Json:
        self._world.rates.call(workspace.team_id, name)
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
        return method.handle(self._world, workspace, args)


def _method(name: str) -> Method:
    if name not in METHODS:
        raise SlackError("unknown_method")
    return METHODS[name]


async def _read(request: Request, *, reads_json: bool) -> tuple[Json, str | None]:
    """Arguments and token. A token in a JSON body is not looked at, as with Slack."""
    args: Json = dict(request.query_params)
    kind = request.headers.get("content-type", "").partition(";")[0]
    body = await request.body()
    if kind == "application/x-www-form-urlencoded":
        args |= dict(parse_qsl(body.decode(), keep_blank_values=True))
    token = args.pop("token", None)
    if kind == "application/json" and body and reads_json:
        args |= _read_json(body)
    token = _bearer(request) or token
    return {key: _decode(key, value) for key, value in args.items() if value is not None}, token


def _bearer(request: Request) -> str | None:
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    return bearer.strip() if scheme.lower() == "bearer" else None


def _read_json(body: bytes) -> Json:
    try:
        given = json.loads(body)
    except ValueError:
        raise SlackError("invalid_json") from None
    if not isinstance(given, dict):
        raise SlackError("json_not_object")
    return given


def _decode(key: str, value: object) -> object:
    """Blocks, views and metadata may come as JSON in a string, booleans as words."""
    if key in _JSON_ARGUMENTS and isinstance(value, str):
        try:
            decoded: object = json.loads(value)
        except ValueError:
            raise SlackError(_JSON_ARGUMENTS[key]) from None
        return decoded
    if key in _BOOLEANS and not isinstance(value, bool):
        return str(value).lower() in {"1", "true"}
    return value


def _headers(workspace: Workspace | None) -> dict[str, str]:
    return {"x-oauth-scopes": ",".join(sorted(workspace.scopes))} if workspace else {}


def _retry_header(seconds: int | None) -> dict[str, str]:
    return {} if seconds is None else {"retry-after": str(seconds)}
