"""auth.test, conversations.*, users.*"""

from datetime import datetime
from zoneinfo import ZoneInfo

from slackbot.sandbox.slack.errors import Json, SlackError
from slackbot.sandbox.slack.methods import method
from slackbot.sandbox.slack.state import World
from slackbot.sandbox.slack.workspace import Member, Message, Workspace

PAGE = 100
PAGE_MOST = 999


def _auth_test(_world: World, workspace: Workspace, _args: Json) -> Json:
    bot = workspace.members[workspace.bot_user_id]
    return {
        "url": f"https://{workspace.domain}.slack.example/",
        "team": workspace.name,
        "team_id": workspace.team_id,
        "user": bot.name,
        "user_id": bot.id,
        "bot_id": workspace.bot_id,
        "is_enterprise_install": False,
    }


def _open(_world: World, workspace: Workspace, args: Json) -> Json:
    if args.get("channel"):
        channel = workspace.channels.get(str(args["channel"]))
        if channel is None or not channel.is_im:
            raise SlackError("channel_not_found")
    else:
        users = str(args.get("users") or "")
        if not users:
            raise SlackError("users_list_not_supplied")
        if "," in users:
            granted = ",".join(sorted(workspace.scopes))
            extra = {"needed": "mpim:write", "provided": granted}
            raise SlackError("missing_scope", extra=extra)
        channel = workspace.dm(users)
    if not args.get("return_im"):
        return {"channel": {"id": channel.id}}
    (user,) = channel.members - {workspace.bot_user_id}
    return {"channel": {"id": channel.id, "is_im": True, "user": user}}


def _history(_world: World, workspace: Workspace, args: Json) -> Json:
    channel = workspace.channels.get(str(args["channel"]))
    if channel is None:
        raise SlackError("channel_not_found")
    _history_scope(workspace, "im:history" if channel.is_im else "channels:history")
    limit = _limit(args.get("limit", PAGE))
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


def _history_scope(workspace: Workspace, scope: str) -> None:
    if scope not in workspace.scopes:
        provided = ",".join(sorted(workspace.scopes))
        raise SlackError("missing_scope", extra={"needed": scope, "provided": provided})


def _limit(given: object) -> int:
    limit = int(given) if isinstance(given, int | str) and str(given).isdigit() else 0
    if not 1 <= limit <= PAGE_MOST:
        raise SlackError("invalid_limit")
    return limit


def _between(message: Message, args: Json) -> bool:
    if args.get("cursor") and not message.ts < str(args["cursor"]):
        return False
    if args.get("inclusive") and message.ts in {args.get("oldest"), args.get("latest")}:
        return True
    oldest, latest = float(args.get("oldest") or 0), float(args.get("latest") or "inf")
    return oldest < float(message.ts) < latest


def _info(world: World, workspace: Workspace, args: Json) -> Json:
    member = workspace.person(args["user"])
    return {"user": _as_slack(member, workspace, world.clock.now())}


def _as_slack(member: Member, workspace: Workspace, now: float) -> Json:
    offset = datetime.fromtimestamp(now, ZoneInfo(member.tz)).utcoffset()
    profile: Json = {"real_name": member.real_name, "display_name": member.name}
    if member.email and "users:read.email" in workspace.scopes:
        profile["email"] = member.email
    return {
        "id": member.id,
        "team_id": workspace.team_id,
        "name": member.name,
        "deleted": member.deleted,
        "real_name": member.real_name,
        "tz": member.tz,
        "tz_label": member.tz,
        "tz_offset": int(offset.total_seconds()) if offset else 0,
        "profile": profile,
        "is_bot": member.is_bot,
        "is_app_user": False,
    }


PEOPLE = {
    "auth.test": method(_auth_test, None),
    "conversations.open": method(_open, "im:write", "", "users channel return_im prevent_creation"),
    "conversations.history": method(
        _history,
        None,  # which history scope depends on the channel
        "channel",
        "cursor include_all_metadata inclusive latest limit oldest",
        reads_json=False,
    ),
    "users.info": method(_info, "users:read", "user", "include_locale", reads_json=False),
}
