"""The response_url endpoint: up to five messages after an interaction, within thirty minutes."""

import asyncio
import json

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from slackbot.sandbox.slack.abort import abort
from slackbot.sandbox.slack.errors import Json, SlackError
from slackbot.sandbox.slack.faults import Fault
from slackbot.sandbox.slack.interaction_tokens import ResponseUrl
from slackbot.sandbox.slack.message_content import read_content
from slackbot.sandbox.slack.state import Call, SlackState

NAME = "response_url"
_ARGUMENTS = {
    "blocks",
    "delete_original",
    "link_names",
    "metadata",
    "mrkdwn",
    "parse",
    "replace_original",
    "response_type",
    "text",
    "thread_ts",
    "unfurl_links",
    "unfurl_media",
}


class ResponseUrlEndpoint:
    """An ASGI endpoint. Its method name in faults and calls is `response_url`."""

    def __init__(self, slack: SlackState) -> None:
        self._slack = slack

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one use of a URL."""
        request = Request(scope, receive)
        fault = self._slack.faults.take(NAME) or Fault(NAME)
        await asyncio.sleep(fault.delay)
        call = Call(NAME, self._slack.clock.now(), dropped=fault.drop is not None)
        self._slack.calls.append(call)
        if fault.drop == "before":
            await abort(scope, send)
        elif fault.status is not None and fault.error is None:
            call.error = f"http {fault.status}"
            await Response(status_code=fault.status)(scope, receive, send)
        else:
            response = await self._respond(request, call, fault)
            await (abort(scope, send) if fault.drop else response(scope, receive, send))
        self._slack.changes.notify()

    async def _respond(self, request: Request, call: Call, fault: Fault) -> Response:
        try:
            url = self._slack.response_urls.take(request.path_params["secret"])
            call.team_id = url.team_id
            fault.raise_error(400)
            call.args = _read(await request.body())
            self._apply(url, call.args)
        except SlackError as error:
            call.error = error.code
            status = error.status if error.status != 200 else 400
            return JSONResponse(error.body(), status)
        call.ok = True
        return PlainTextResponse("ok")

    def _apply(self, url: ResponseUrl, body: Json) -> None:
        """Post, replace or delete a message."""
        workspace = self._slack.workspaces[url.team_id]
        original = workspace.message(url.channel, url.message_ts)
        replaces = bool(body.get("replace_original"))
        if url.message_ts is None and (replaces or body.get("delete_original")):
            self._slack.problem("replace_original on a command's response_url does nothing")
            replaces = False
        elif body.get("delete_original"):
            if original is not None:
                workspace.delete(original)
            return
        content = read_content(body, in_chat=False)
        if replaces and original is not None:
            workspace.edit(original, content)
            return
        public = body.get("response_type") == "in_channel"
        workspace.post(url.channel, content, visible_to=None if public else url.user)


def _read(raw: bytes) -> Json:
    """Return the validated body.

    Raises:
        SlackError: invalid_payload or invalid_arguments.
    """
    try:
        body = json.loads(raw)
    except ValueError:
        raise SlackError("invalid_payload") from None
    if not isinstance(body, dict):
        raise SlackError("invalid_payload")
    unknown = [f"unknown argument: {key}" for key in sorted(body.keys() - _ARGUMENTS)]
    if unknown:
        raise SlackError("invalid_arguments", messages=unknown)
    if body.get("response_type") not in {None, "ephemeral", "in_channel"}:
        raise SlackError("invalid_arguments", messages=["response_type"])
    return body
