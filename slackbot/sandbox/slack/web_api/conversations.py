"""The conversations.* methods."""

from slackbot.sandbox.slack.errors import Json, SlackError
from slackbot.sandbox.slack.state import SlackState
from slackbot.sandbox.slack.web_api.method import method
from slackbot.sandbox.slack.workspace import Message, Workspace

PAGE = 100  # messages, by default
PAGE_MOST = 999


def open_dm(_slack: SlackState, workspace: Workspace, args: Json) -> Json:
    """Open a DM, by its channel id or by its user."""
    if args.get("channel"):
        channel = workspace.channels.get(str(args["channel"]))
        if channel is None or not channel.is_im:
            raise SlackError("channel_not_found")
    else:
        users = str(args.get("users") or "")
        if not users:
            raise SlackError("users_list_not_supplied")
        if "," in users and "mpim:write" not in workspace.scopes:
            raise _missing_scope(workspace, "mpim:write")
        if "," in users:
            return {"channel": {"id": workspace.group_dm(users.split(",")).id}}
        channel = workspace.dm(users)
    if not args.get("return_im"):
        return {"channel": {"id": channel.id}}
    (user,) = channel.members - {workspace.bot_user_id}
    return {"channel": {"id": channel.id, "is_im": True, "user": user}}


def history(_slack: SlackState, workspace: Workspace, args: Json) -> Json:
    """Return a page of lasting messages, newest first."""
    channel = workspace.channels.get(str(args["channel"]))
    if channel is None:
        raise SlackError("channel_not_found")
    scope = "im:history" if channel.is_im else "channels:history"
    if scope not in workspace.scopes:
        raise _missing_scope(workspace, scope)
    given = args.get("limit", PAGE)
    limit = int(given) if isinstance(given, int | str) and str(given).isdigit() else 0
    if not 1 <= limit <= PAGE_MOST:
        raise SlackError("invalid_limit")
    stored = [
        m
        for m in reversed(workspace.messages)
        if m.channel == channel.id and not m.deleted and not m.visible_to and _between(m, args)
    ]
    page, rest = stored[:limit], stored[limit:]
    with_metadata = bool(args.get("include_all_metadata"))
    return {
        "messages": [workspace.as_slack(m, with_metadata=with_metadata) for m in page],
        "has_more": bool(rest),
        "response_metadata": {"next_cursor": page[-1].ts if rest else ""},
    }


def _missing_scope(workspace: Workspace, scope: str) -> SlackError:
    provided = ",".join(sorted(workspace.scopes))
    return SlackError("missing_scope", extra={"needed": scope, "provided": provided})


def _between(message: Message, args: Json) -> bool:
    """Return whether a message is within oldest, latest and cursor."""
    if args.get("cursor") and not message.ts < str(args["cursor"]):
        return False
    if args.get("inclusive") and message.ts in {args.get("oldest"), args.get("latest")}:
        return True
    oldest, latest = float(args.get("oldest") or 0), float(args.get("latest") or "inf")
    return oldest < float(message.ts) < latest


CONVERSATIONS = {
    "conversations.open": method(
        open_dm, "im:write", "", "users channel return_im prevent_creation"
    ),
    "conversations.history": method(
        history,
        None,  # the history scope depends on the channel
        "channel",
        "cursor include_all_metadata inclusive latest limit oldest",
        reads_json=False,
    ),
}
