"""The chat.* methods."""

from dataclasses import replace

from slackbot.sandbox.slack.errors import Json, SlackError
from slackbot.sandbox.slack.message_content import read_content, read_metadata
from slackbot.sandbox.slack.state import SlackState
from slackbot.sandbox.slack.web_api.method import method
from slackbot.sandbox.slack.workspace import Message, Workspace


def post_message(slack: SlackState, workspace: Workspace, args: Json) -> Json:
    """Post a message to a channel, or to a user's DM."""
    channel = workspace.conversation(args["channel"])
    content = read_content(args)
    if content.thread_ts and workspace.message(channel.id, content.thread_ts) is None:
        raise SlackError("thread_not_found")
    _check_text(slack, "chat.postMessage", args)
    slack.rate_limits.message(workspace.team_id, channel.id)
    message = workspace.post(channel.id, content)
    body = workspace.as_slack(message, with_metadata=True)
    return {"channel": channel.id, "ts": message.ts, "message": body}


def post_ephemeral(slack: SlackState, workspace: Workspace, args: Json) -> Json:
    """Post a message that only one user sees."""
    channel = workspace.conversation(args["channel"])
    member = workspace.member(args["user"])
    if member.id not in channel.members:
        raise SlackError("user_not_in_channel")
    content = read_content(args)
    _check_text(slack, "chat.postEphemeral", args)
    return {"message_ts": workspace.post(channel.id, content, visible_to=member.id).ts}


def update(_slack: SlackState, workspace: Workspace, args: Json) -> Json:
    """Edit a message. Blocks and metadata that are not given stay; an empty list removes blocks."""
    message = _own_message(workspace, args, "cant_update_message")
    old = message.content
    content = read_content({"text": old.text, "blocks": old.blocks, **args})
    metadata = read_metadata(args["metadata"]) if "metadata" in args else old.metadata
    workspace.edit(message, replace(content, metadata=metadata, thread_ts=old.thread_ts))
    body = workspace.as_slack(message, with_metadata=True)
    return {"channel": message.channel, "ts": message.ts, "text": content.text, "message": body}


def delete(_slack: SlackState, workspace: Workspace, args: Json) -> Json:
    """Delete a message."""
    message = _own_message(workspace, args, "cant_delete_message")
    workspace.delete(message)
    return {"channel": message.channel, "ts": message.ts}


def _check_text(slack: SlackState, name: str, args: Json) -> None:
    if not args.get("text"):
        slack.problem(f"{name} without text", "notifications and screen readers have nothing")


def _own_message(workspace: Workspace, args: Json, not_own: str) -> Message:
    """Return a lasting message of the bot by channel id and ts.

    Raises:
        SlackError: channel_not_found, message_not_found, or `not_own` for a user's message.
    """
    channel = workspace.channels.get(str(args["channel"]))
    if channel is None:
        raise SlackError("channel_not_found")
    message = workspace.message(channel.id, args["ts"])
    if message is None or message.visible_to is not None:
        raise SlackError("message_not_found")
    if not message.by_bot:
        raise SlackError(not_own)
    return message


_CONTENT = "text blocks parse link_names mrkdwn"
CHAT = {
    "chat.postMessage": method(
        post_message,
        "chat:write",
        "channel",
        f"{_CONTENT} metadata thread_ts reply_broadcast unfurl_links unfurl_media as_user "
        "username icon_emoji icon_url",
    ),
    "chat.postEphemeral": method(
        post_ephemeral,
        "chat:write",
        "channel user",
        f"{_CONTENT} thread_ts as_user username icon_emoji icon_url",
    ),
    "chat.update": method(
        update, "chat:write", "channel ts", f"{_CONTENT} metadata as_user reply_broadcast"
    ),
    "chat.delete": method(delete, "chat:write", "channel ts", "as_user"),
}
