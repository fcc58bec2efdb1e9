"""views.*"""

from slackbot.sandbox.slack.blockkit import check_view, view_too_large
from slackbot.sandbox.slack.errors import Json, SlackError
from slackbot.sandbox.slack.methods import method
from slackbot.sandbox.slack.payloads import view_body
from slackbot.sandbox.slack.state import World
from slackbot.sandbox.slack.workspace import Workspace


def read_view(view: object, kind: str) -> Json:
    """A checked view; raises invalid_arguments with the problems, view_too_large."""
    problems = check_view(view, kind)
    if problems or not isinstance(view, dict):
        raise SlackError("invalid_arguments", messages=problems)
    if view_too_large(view):
        raise SlackError("view_too_large")
    return view


def _open(world: World, workspace: Workspace, args: Json) -> Json:
    view = read_view(args["view"], "modal")
    user = world.triggers.spend(args["trigger_id"], workspace.team_id)
    return {"view": view_body(workspace, workspace.views.open(user, view))}


def _push(world: World, workspace: Workspace, args: Json) -> Json:
    view = read_view(args["view"], "modal")
    user = world.triggers.spend(args["trigger_id"], workspace.team_id)
    return {"view": view_body(workspace, workspace.views.push(user, view))}


def _update(_world: World, workspace: Workspace, args: Json) -> Json:
    found = workspace.views.find(view_id=args.get("view_id"), external_id=args.get("external_id"))
    view = read_view(args["view"], found.content["type"])
    workspace.views.update(found, view, args.get("hash"))
    return {"view": view_body(workspace, found)}


def _publish(_world: World, workspace: Workspace, args: Json) -> Json:
    member = workspace.person(args["user_id"])
    view = read_view(args["view"], "home")
    return {
        "view": view_body(workspace, workspace.views.publish(member.id, view, args.get("hash")))
    }


VIEWS = {
    "views.open": method(_open, None, "trigger_id view"),
    "views.push": method(_push, None, "trigger_id view"),
    "views.update": method(_update, None, "view", "view_id external_id hash"),
    "views.publish": method(_publish, None, "user_id view", "hash"),
}
