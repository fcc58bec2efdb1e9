"""chat.*"""

from dataclasses import replace

from slackbot.sandbox.slack.content import read_content, read_metadata
from slackbot.sandbox.slack.errors import Json, SlackError
from slackbot.sandbox.slack.methods import method
from slackbot.sandbox.slack.state import World
from slackbot.sandbox.slack.workspace import Message, Workspace


def _post(world: World, workspace: Workspace, args: Json) -> Json:
    channel = workspace.conversation(args["channel"])
    content = read_content(args)
    if content.thread_ts and workspace.message(channel.id, content.thread_ts) is None:
        raise SlackError("thread_not_found")
    _notice_missing_text(world, "chat.postMessage", args)
    world.rates.message(workspace.team_id, channel.id)
    message = workspace.post(channel.id, content)
    shown = workspace.as_slack(message, with_metadata=True)
    return {"channel": channel.id, "ts": message.ts, "message": shown}


def _post_ephemeral(world: World, workspace: Workspace, args: Json) -> Json:
    channel = workspace.conversation(args["channel"])
    member = workspace.person(args["user"])
    if member.id not in channel.members:
        raise SlackError("user_not_in_channel")
    content = read_content(args)
    _notice_missing_text(world, "chat.postEphemeral", args)
    return {"message_ts": workspace.post(channel.id, content, visible_to=member.id).ts}


def _notice_missing_text(world: World, name: str, args: Json) -> None:
    if not args.get("text"):
        world.problem(f"{name} without text", "notifications and screen readers have nothing")


def _own(workspace: Workspace, args: Json, refusal: str) -> Message:
    """A lasting message of the bot's own, by channel id and ts."""
    channel = workspace.channels.get(str(args["channel"]))
    if channel is None:
        raise SlackError("channel_not_found")
    message = workspace.message(channel.id, args["ts"])
    if message is None or message.visible_to is not None:
        raise SlackError("message_not_found")
    if not message.by_bot:
        raise SlackError(refusal)
    return message


def _update(_world: World, workspace: Workspace, args: Json) -> Json:
    message = _own(workspace, args, "cant_update_message")
    old = message.content
    # Blocks left out stay; an empty list takes them away. So does metadata.
    given = {"text": old.text, "blocks": old.blocks, **args}
    content = read_content(given)
    metadata = read_metadata(args["metadata"]) if "metadata" in args else old.metadata
    workspace.edit(message, replace(content, metadata=metadata, thread_ts=old.thread_ts))
    shown = workspace.as_slack(message, with_metadata=True)
    return {"channel": message.channel, "ts": message.ts, "text": content.text, "message": shown}


def _delete(_world: World, workspace: Workspace, args: Json) -> Json:
    message = _own(workspace, args, "cant_delete_message")
    workspace.delete(message)
    return {"channel": message.channel, "ts": message.ts}


_SAYING = "text blocks parse link_names mrkdwn"
CHAT = {
    "chat.postMessage": method(
        _post,
        "chat:write",
        "channel",
        f"{_SAYING} metadata thread_ts reply_broadcast unfurl_links unfurl_media as_user "
        "username icon_emoji icon_url",
    ),
    "chat.postEphemeral": method(
        _post_ephemeral,
        "chat:write",
        "channel user",
        f"{_SAYING} thread_ts as_user username icon_emoji icon_url",
    ),
    "chat.update": method(
        _update, "chat:write", "channel ts", f"{_SAYING} metadata as_user reply_broadcast"
    ),
    "chat.delete": method(_delete, "chat:write", "channel ts", "as_user"),
}
