"""The views.* methods."""

from slackbot.sandbox.slack.blockkit import check_view, view_too_large
from slackbot.sandbox.slack.errors import Json, SlackError
from slackbot.sandbox.slack.payloads import view_body
from slackbot.sandbox.slack.state import SlackState
from slackbot.sandbox.slack.web_api.method import method
from slackbot.sandbox.slack.workspace import Workspace


def read_view(view: object, kind: str) -> Json:
    """Return a validated view.

    Raises:
        SlackError: invalid_arguments with the problems, or view_too_large.
    """
    problems = check_view(view, kind)
    if problems or not isinstance(view, dict):
        raise SlackError("invalid_arguments", messages=problems)
    if view_too_large(view):
        raise SlackError("view_too_large")
    return view


def open_modal(slack: SlackState, workspace: Workspace, args: Json) -> Json:
    """Open a modal for the user of a trigger id."""
    view = read_view(args["view"], "modal")
    user = slack.triggers.spend(args["trigger_id"], workspace.team_id)
    return {"view": view_body(workspace, workspace.views.open(user, view))}


def push(slack: SlackState, workspace: Workspace, args: Json) -> Json:
    """Push a modal onto the stack of the user of a trigger id."""
    view = read_view(args["view"], "modal")
    user = slack.triggers.spend(args["trigger_id"], workspace.team_id)
    return {"view": view_body(workspace, workspace.views.push(user, view))}


def update(_slack: SlackState, workspace: Workspace, args: Json) -> Json:
    """Replace the content of an open view, by view_id or external_id."""
    found = workspace.views.find(view_id=args.get("view_id"), external_id=args.get("external_id"))
    view = read_view(args["view"], found.content["type"])
    workspace.views.update(found, view, args.get("hash"))
    return {"view": view_body(workspace, found)}


def publish(_slack: SlackState, workspace: Workspace, args: Json) -> Json:
    """Publish a user's Home."""
    member = workspace.member(args["user_id"])
    view = read_view(args["view"], "home")
    home = workspace.views.publish(member.id, view, args.get("hash"))
    return {"view": view_body(workspace, home)}


VIEWS = {
    "views.open": method(open_modal, None, "trigger_id view"),
    "views.push": method(push, None, "trigger_id view"),
    "views.update": method(update, None, "view", "view_id external_id hash"),
    "views.publish": method(publish, None, "user_id view", "hash"),
}
