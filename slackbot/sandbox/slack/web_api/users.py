"""auth.test and the users.* methods."""

from datetime import datetime
from zoneinfo import ZoneInfo

from slackbot.sandbox.slack.errors import Json
from slackbot.sandbox.slack.state import SlackState
from slackbot.sandbox.slack.web_api.method import method
from slackbot.sandbox.slack.workspace import Workspace

ORGANISATION = "E0ORG"


def auth_test(_slack: SlackState, workspace: Workspace, _args: Json) -> Json:
    """Return the bot's identity."""
    bot = workspace.members[workspace.bot_user_id]
    if workspace.org_wide:
        return {
            "url": "https://organisation.slack.example/",
            "team": "Organisation",
            "team_id": ORGANISATION,
            "enterprise_id": ORGANISATION,
            "user": bot.name,
            "user_id": bot.id,
            "bot_id": workspace.bot_id,
            "is_enterprise_install": True,
        }
    return {
        "url": f"https://{workspace.domain}.slack.example/",
        "team": workspace.name,
        "team_id": workspace.team_id,
        "user": bot.name,
        "user_id": bot.id,
        "bot_id": workspace.bot_id,
        "is_enterprise_install": False,
    }


def info(slack: SlackState, workspace: Workspace, args: Json) -> Json:
    """Return a user's profile, with the e-mail address if its scope is granted."""
    member = workspace.member(args["user"])
    offset = datetime.fromtimestamp(slack.clock.now(), ZoneInfo(member.tz)).utcoffset()
    profile: Json = {"real_name": member.real_name, "display_name": member.name}
    if member.email and "users:read.email" in workspace.scopes:
        profile["email"] = member.email
    user = {
        "id": member.id,
        "team_id": member.home_team or workspace.team_id,
        "name": member.name,
        "deleted": member.deleted,
        "real_name": member.real_name,
        "tz": member.tz,
        "tz_label": member.tz,
        "tz_offset": int(offset.total_seconds()) if offset else 0,
        "profile": profile,
        "is_bot": member.is_bot,
        "is_restricted": member.is_restricted,
        "is_stranger": member.is_stranger,
        "is_app_user": False,
    }
    return {"user": user}


def dnd_info(_slack: SlackState, workspace: Workspace, args: Json) -> Json:
    """Return the hours in which a user's notifications are held back."""
    begin, end = workspace.member(args["user"]).held_back or (1, 1)
    return {"dnd_enabled": end > 1, "next_dnd_start_ts": begin, "next_dnd_end_ts": end}


USERS = {
    "auth.test": method(auth_test, None),
    "dnd.info": method(dnd_info, "dnd:read", "user", reads_json=False),
    "users.info": method(info, "users:read", "user", "include_locale", reads_json=False),
}
