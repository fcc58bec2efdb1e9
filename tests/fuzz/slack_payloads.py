"""Minimal Slack payloads."""

from __future__ import annotations

import secrets
from typing import Any

from tests.fuzz.target import TEAM

Json = dict[str, Any]


def interaction(kind: str, user: str) -> Json:
    """Return the fields that every interaction has."""
    return {
        "type": kind,
        "team": {"id": TEAM, "domain": "demo"},
        "user": {"id": user, "name": "somebody", "team_id": TEAM},
        "trigger_id": "1.2.3",
        "enterprise": None,
        "is_enterprise_install": False,
    }


def press(user: str, action_id: str, value: str, response_url: str) -> Json:
    """Return a press of a button in an ephemeral message."""
    pressed = {"type": "button", "action_id": action_id, "block_id": "b", "value": value}
    return interaction("block_actions", user) | {
        "container": {"type": "message", "message_ts": "1.2", "is_ephemeral": True},
        "channel": {"id": "C0GENERAL", "name": "general"},
        "response_url": response_url,
        "actions": [pressed],
    }


def submission(user: str, private_metadata: str, event: str, credential: str) -> Json:
    """Return a submission of the connect form."""
    typed = {"event": event, "credential": credential}
    view = {
        "id": "V0FORM",
        "type": "modal",
        "callback_id": "connect",
        "private_metadata": private_metadata,
        "state": {"values": {name: {name: {"value": text}} for name, text in typed.items()}},
    }
    return interaction("view_submission", user) | {"view": view, "response_urls": []}


def event(kind: str, team: str, **fields: Any) -> Json:
    """Return an event in its envelope."""
    return {
        "type": "event_callback",
        "team_id": team,
        "event_id": f"Ev{secrets.token_hex(5)}",
        "event": {"type": kind, **fields},
        "authorizations": [{"team_id": team, "user_id": "U0BOT", "is_bot": True}],
    }
