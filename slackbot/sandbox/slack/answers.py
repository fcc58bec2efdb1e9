"""What Slack makes of the bot's first answer to a command, a button, a form, an option menu."""

import json

from slackbot.sandbox.slack.blockkit import check_option_answer, check_view
from slackbot.sandbox.slack.content import read_content
from slackbot.sandbox.slack.errors import Json, SlackError
from slackbot.sandbox.slack.outbound import Answer
from slackbot.sandbox.slack.payloads import Actor
from slackbot.sandbox.slack.views import View
from slackbot.sandbox.slack.workspace import Channel, Content, Message

TROUBLE = "We had some trouble connecting. Try again?"


def complain(actor: Actor, channel: str, what: str, error: str) -> None:
    """Slack's own notice, for this person alone."""
    text = f"{what} failed with the error “{error}”"
    actor.workspace.post(channel, Content(text), visible_to=actor.member.id, error=error)


def command_answered(actor: Actor, channel: Channel, command: str, answer: Answer) -> None:
    """The body of the 200 is a message: ephemeral unless it says in_channel."""
    if answer.error:
        complain(actor, channel.id, command, answer.error)
        return
    if not answer.body.strip():
        return
    try:
        body = _message_body(answer)
        if body.keys() <= {"response_type"}:
            return
        content = read_content(body, in_chat=False)
    except SlackError as refusal:
        actor.world.problem(f"answer to {command} refused", f"{refusal.code} {refusal.messages}")
        complain(actor, channel.id, command, "invalid_command_response")
        return
    public = body.get("response_type") == "in_channel"
    actor.workspace.post(channel.id, content, visible_to=None if public else actor.member.id)


def _message_body(answer: Answer) -> Json:
    if "json" not in answer.headers.get("content-type", ""):
        return {"text": answer.body}
    body = answer.json()
    if not isinstance(body, dict):
        raise SlackError("invalid_json")
    return body


def action_answered(actor: Actor, where: Message | View, answer: Answer) -> None:
    """Nothing may stand in it; a failure marks the message or the view."""
    if answer.error and isinstance(where, View):
        where.trouble = TROUBLE
        actor.workspace.views.touch(where)
    elif answer.error and isinstance(where, Message):
        complain(actor, where.channel, "This button", answer.error)
    elif answer.body.strip() not in {"", "{}", '""'}:
        actor.world.problem("the body of an answer to block_actions is ignored", answer.body)


def submission_answered(actor: Actor, view: View, answer: Answer) -> None:
    """Close, show errors, replace, push or clear, by `response_action`."""
    try:
        _act(actor, view, _submission_body(answer))
    except SlackError as refusal:
        if not answer.error:
            detail = f"{refusal.code} {refusal.messages}"
            actor.world.problem("answer to view_submission refused", detail)
        view.trouble = TROUBLE
        actor.workspace.views.touch(view)


def _submission_body(answer: Answer) -> Json:
    if answer.error:
        raise SlackError(answer.error)
    body = answer.json() if answer.body.strip() else {}
    if not isinstance(body, dict):
        raise SlackError("invalid_json")
    return body


def _act(actor: Actor, view: View, body: Json) -> None:
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
    """Errors under their fields; with one name that is no input block's, none is shown."""
    if not isinstance(errors, dict) or not errors:
        raise SlackError("invalid_arguments", messages=["errors must be a filled object"])
    if not all(isinstance(text, str) and text for text in errors.values()):
        raise SlackError("invalid_arguments", messages=["each error must be a text"])
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    unknown = sorted(errors.keys() - inputs)
    if unknown:
        actor.world.problem("errors name no input block, nothing is shown", json.dumps(unknown))
        return
    view.errors = dict(errors)
    actor.workspace.views.touch(view)


def options_answered(actor: Actor, view: View, action_id: str, answer: Answer) -> list[Json]:
    """The options a menu now offers; none when the answer cannot be read."""
    body = answer.json()
    problems = [answer.error] if answer.error else check_option_answer(body)
    if problems or not isinstance(body, dict):
        actor.world.problem("answer to block_suggestion refused", str(problems))
        return []
    groups = body.get("option_groups") or [{"options": body.get("options") or []}]
    offered = [option for group in groups for option in group["options"]]
    view.loaded[action_id] = offered
    return offered
