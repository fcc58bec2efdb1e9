"""Slack's handling of the bot's first response to a command, an action, a form or a menu."""

import json

from slackbot.sandbox.slack.blockkit import check_option_response, check_view
from slackbot.sandbox.slack.bot_client import BotResponse
from slackbot.sandbox.slack.errors import Json, SlackError
from slackbot.sandbox.slack.message_content import read_content
from slackbot.sandbox.slack.open_views import View
from slackbot.sandbox.slack.payloads import Actor
from slackbot.sandbox.slack.workspace import Channel, Content, Message

FAILURE = "We had some trouble connecting. Try again?"  # Slack's sentence in a modal


def apply_command_response(
    actor: Actor, channel: Channel, command: str, response: BotResponse
) -> None:
    """Post the body of a 200 as a message, ephemeral unless it is in_channel."""
    if response.error:
        _post_error(actor, channel.id, command, response.error)
        return
    if not response.body.strip():
        return
    try:
        is_json = "json" in response.headers.get("content-type", "")
        body = _json_object(response.json() if is_json else {"text": response.body})
        if body.keys() <= {"response_type"}:
            return
        content = read_content(body, in_chat=False)
    except SlackError as error:
        actor.slack.problem(f"answer to {command} refused", f"{error.code} {error.messages}")
        _post_error(actor, channel.id, command, "invalid_command_response")
        return
    public = body.get("response_type") == "in_channel"
    actor.workspace.post(channel.id, content, visible_to=None if public else actor.member.id)


def apply_action_response(actor: Actor, where: Message | View, response: BotResponse) -> None:
    """Show a failure at the message or in the view; a body is ignored and a problem."""
    if response.error and isinstance(where, View):
        where.failure = FAILURE
        actor.workspace.views.touch(where)
    elif response.error and isinstance(where, Message):
        _post_error(actor, where.channel, "This button", response.error)
    elif response.body.strip() not in {"", "{}", '""'}:
        actor.slack.problem("the body of an answer to block_actions is ignored", response.body)


def _post_error(actor: Actor, channel: str, subject: str, error: str) -> None:
    """Post Slack's own notice, visible to this user only."""
    text = f"{subject} failed with the error “{error}”"
    actor.workspace.post(channel, Content(text), visible_to=actor.member.id, error=error)


def apply_submission_response(actor: Actor, view: View, response: BotResponse) -> None:
    """Close the modal, show errors, update, push or clear, by `response_action`."""
    if response.ok:
        try:
            body = _json_object(response.json() if response.body.strip() else {})
            _apply_response_action(actor, view, body)
            return
        except SlackError as error:
            detail = f"{error.code} {error.messages}"
            actor.slack.problem("answer to view_submission refused", detail)
    view.failure = FAILURE
    actor.workspace.views.touch(view)


def _json_object(body: object) -> Json:
    if not isinstance(body, dict):
        raise SlackError("invalid_json")
    return body


def _apply_response_action(actor: Actor, view: View, body: Json) -> None:
    views = actor.workspace.views
    kind = body.get("response_action")
    if kind is None and not body:
        views.close(view)
    elif kind == "clear":
        views.clear(view.user)
    elif kind == "errors":
        _show_errors(actor, view, body.get("errors"))
    elif kind in {"update", "push"}:
        given = body.get("view")
        problems = check_view(given, "modal")
        if problems or not isinstance(given, dict):
            raise SlackError("invalid_arguments", messages=problems)
        if kind == "push":
            views.push(view.user, given)
        else:
            views.update(view, given)
    else:
        raise SlackError("invalid_arguments", messages=[f"response_action {kind!r}"])


def _show_errors(actor: Actor, view: View, errors: object) -> None:
    """Show errors under their fields; none at all if one names no input block."""
    if not isinstance(errors, dict) or not errors:
        raise SlackError("invalid_arguments", messages=["errors must be a filled object"])
    if not all(isinstance(text, str) and text for text in errors.values()):
        raise SlackError("invalid_arguments", messages=["each error must be a text"])
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    unknown = sorted(errors.keys() - inputs)
    if unknown:
        actor.slack.problem("errors name no input block, nothing is shown", json.dumps(unknown))
        return
    view.errors = dict(errors)
    actor.workspace.views.touch(view)


def apply_options_response(
    actor: Actor, view: View, action_id: str, response: BotResponse
) -> list[Json]:
    """Load a menu's options and return them; none if the response is invalid."""
    body = response.json()
    problems = [response.error] if response.error else check_option_response(body)
    if problems or not isinstance(body, dict):
        actor.slack.problem("answer to block_suggestion refused", str(problems))
        return []
    groups = body.get("option_groups") or [{"options": body.get("options") or []}]
    offered = [option for group in groups for option in group["options"]]
    view.loaded[action_id] = offered
    return offered
