"""Everything that one person's chat client shows, as JSON for the page."""

from __future__ import annotations

from slackbot.sandbox.slack import Slack
from slackbot.sandbox.slack.errors import Json
from slackbot.sandbox.slack.form_fields import state_of
from slackbot.sandbox.slack.open_views import View
from slackbot.sandbox.slack.workspace import Member, Message, Workspace


def screen(slack: Slack, name: str, since: int) -> Json:
    """Return the ids of all items in their order, and the items that changed after `since`."""
    workspace = slack.workspace
    member = workspace.named(name)
    messages = workspace.visible(member.id)
    views = [workspace.views.homes.get(member.id), workspace.views.top(member.id)]
    shown = [view for view in views if view is not None]
    return {
        "order": [*(f"{m.channel}/{m.ts}" for m in messages), *(view.id for view in shown)],
        "items": [
            *(_message(workspace, m, member) for m in messages if m.changed > since),
            *(_view(view) for view in shown if view.changed > since),
        ],
    }


def _message(workspace: Workspace, message: Message, reader: Member) -> Json:
    content, channel = message.content, workspace.channels[message.channel]
    # The page has no tab for a conversation of two people and the bot.
    is_shared = channel.name.startswith("mpdm-")
    return {
        "key": f"{message.channel}/{message.ts}",
        "id": message.ts,
        "kind": "error" if message.error else "message",
        "place": workspace.dm(reader.id).id if is_shared else message.channel,
        "author": workspace.members[message.user].name,
        "by_bot": message.by_bot,
        "only_you": message.visible_to is not None,
        "ts": float(message.ts),
        "edited": message.edited is not None,
        "text": content.text,
        "mrkdwn": content.mrkdwn,
        "blocks": content.blocks or [],
        "changed": message.changed,
    }


def _view(view: View) -> Json:
    content = view.content
    labels = {part: (content.get(part) or {}).get("text") for part in ("title", "submit", "close")}
    return {
        "key": view.id,
        "id": view.id,
        "kind": content["type"],
        "place": content["type"],
        **labels,
        "blocks": view.blocks,
        "values": state_of(view.blocks, view.values),
        "errors": view.errors,
        "failure": view.failure,
        "changed": view.changed,
    }
