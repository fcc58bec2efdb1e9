"""The payloads that Slack posts to an app: commands, interactions, events."""

import secrets
from typing import NamedTuple

from slackbot.sandbox.slack.errors import Json
from slackbot.sandbox.slack.form_fields import state_of
from slackbot.sandbox.slack.open_views import View
from slackbot.sandbox.slack.state import SlackState
from slackbot.sandbox.slack.workspace import APP_ID, Channel, Member, Message, Workspace

VERIFICATION_TOKEN = "sandbox-deprecated-token"


class Actor(NamedTuple):
    """A user who acts, and the workspace they act in."""

    slack: SlackState
    workspace: Workspace
    member: Member


def response_url(actor: Actor, channel: Channel, message: Message | None) -> str:
    """Return a new response_url for one interaction."""
    slack, workspace, member = actor
    ts = message.ts if message else None
    secret = slack.response_urls.mint(workspace.team_id, member.id, channel.id, ts)
    return slack.address(f"/response/{secret}")


def command(actor: Actor, channel: Channel, name: str, text: str) -> dict[str, str]:
    """Return the form of a slash command."""
    slack, workspace, member = actor
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": workspace.team_id,
        "team_domain": workspace.domain,
        "channel_id": channel.id,
        "channel_name": "directmessage" if channel.is_im else channel.name,
        "user_id": member.id,
        "user_name": member.name,
        "command": name,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": response_url(actor, channel, None),
        "trigger_id": slack.triggers.mint(workspace.team_id, member.id),
    }


def interaction(actor: Actor, kind: str) -> Json:
    """Return the fields that every interactive payload has."""
    slack, workspace, member = actor
    return {
        "type": kind,
        "team": {"id": workspace.team_id, "domain": workspace.domain},
        "enterprise": None,
        "is_enterprise_install": False,
        "user": {
            "id": member.id,
            "username": member.name,
            "name": member.name,
            "team_id": workspace.team_id,
        },
        "api_app_id": APP_ID,
        "token": VERIFICATION_TOKEN,
        "trigger_id": slack.triggers.mint(workspace.team_id, member.id),
    }


def in_message(actor: Actor, message: Message) -> Json:
    """Return the fields of an action in a message; an ephemeral message itself is not included."""
    channel = actor.workspace.channels[message.channel]
    ephemeral = message.visible_to is not None
    where: Json = {
        "container": {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": channel.id,
            "is_ephemeral": ephemeral,
        },
        "channel": {"id": channel.id, "name": "directmessage" if channel.is_im else channel.name},
        "state": {"values": state_of(message.content.blocks or [], {})},
        "response_url": response_url(actor, channel, message),
    }
    if not ephemeral:
        where["message"] = actor.workspace.as_slack(message)
    return where


def in_view(actor: Actor, view: View) -> Json:
    """Return the fields of an action in a modal or Home; there is no response_url."""
    return {
        "container": {"type": "view", "view_id": view.id},
        "view": view_body(actor.workspace, view),
    }


def action(element: Json, block_id: str, at: str, chosen: Json) -> Json:
    """Return one entry of `actions` in a block_actions payload."""
    kept = ("type", "action_id", "text", "value", "style", "url", "placeholder")
    return {
        **{key: element[key] for key in kept if key in element},
        "block_id": block_id,
        "action_ts": at,
        **chosen,
    }


def view_body(workspace: Workspace, view: View) -> Json:
    """Return the view object of responses and payloads."""
    content = view.content
    return {
        "id": view.id,
        "team_id": workspace.team_id,
        "type": content["type"],
        "title": content.get("title"),
        "close": content.get("close"),
        "submit": content.get("submit"),
        "blocks": view.blocks,
        "private_metadata": content.get("private_metadata", ""),
        "callback_id": content.get("callback_id", ""),
        "external_id": content.get("external_id", ""),
        "clear_on_close": content.get("clear_on_close", False),
        "notify_on_close": content.get("notify_on_close", False),
        "state": {"values": state_of(view.blocks, view.values)},
        "hash": view.hash,
        "root_view_id": view.root,
        "previous_view_id": view.previous,
        "app_id": APP_ID,
        "app_installed_team_id": workspace.team_id,
        "bot_id": workspace.bot_id,
    }


def event(actor: Actor, kind: str, event_id: str | None, fields: Json) -> Json:
    """Return the body of an event; fields that are None are omitted."""
    slack, workspace, member = actor
    inner = {"type": kind, "user": member.id, "event_ts": slack.clock.ts(), **fields}
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": workspace.team_id,
        "api_app_id": APP_ID,
        "event": {key: value for key, value in inner.items() if value is not None},
        "type": "event_callback",
        "event_id": event_id or f"Ev{secrets.token_hex(5).upper()}",
        "event_time": int(slack.clock.now()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": workspace.team_id,
                "user_id": workspace.bot_user_id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
    }
