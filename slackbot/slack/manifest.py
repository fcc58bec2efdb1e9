"""The manifest of the Slack app, as JSON and as YAML with comments.

For HTTP, the manifest contains the URL for requests from Slack. Socket Mode needs no URL.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from slackbot.slack import home_texts
from slackbot.slack.command import Name

# The path for requests from Slack.
PATH: Final = "/slack/events"
# The scopes that the bot token needs, each with a reason.
SCOPES: Final = {
    "commands": "the slash command",
    "chat:write": "the message that tells of a match",
    "im:write": "opens the direct message it goes to",
    "im:history": "looks there whether it arrived, when Slack's answer did not; hears who writes",
    "app_mentions:read": "answers who mentions the bot in a channel",
    "dnd:read": "says to who wants to be matched that Slack holds back their notifications",
    "users:read": "tells who was deactivated, and when the day begins where a person is",
}
# What is asked for as well if people can swap contacts, and the reason.
SHARED_SCOPE: Final = "mpim:write"
SWAP_SCOPES: Final = {
    SHARED_SCOPE: "opens a conversation for two people who both want to swap contacts",
}
_REASONS: Final = SCOPES | SWAP_SCOPES
# The scopes without which the bot works, each with what it then cannot do.
OPTIONAL_SCOPES: Final = {
    "dnd:read": "people are not asked before they wait for a match while Slack holds back their "
    "notifications",
    "im:history": "direct messages to it are not answered, and one that Slack may have accepted is "
    "sent again without a search for the first",
    "app_mentions:read": "mentions of it are not answered",
    "users:read": "guests, bots and deactivated people are not recognised, and `sessions today` "
    "does not know where a person is",
    SHARED_SCOPE: "two people who swap contacts hear of it apart, and no conversation is opened",
}
# The callback ids of the global shortcuts, with the commands that they run.
SHORTCUTS: Final = {"shortcut_available": Name.AVAILABLE, "shortcut_sessions": Name.SESSIONS}
BOT_EVENTS: Final = (
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "message.im",
    "tokens_revoked",
    "user_change",
)
_USAGE: Final = (
    "[sessions | join | available | pause | matches | why | settings | event | swap | report "
    "| status | connect | check | privacy | help]"
)
_PLAIN: Final = re.compile(r"[A-Za-z/][\w ,./:+-]*", re.ASCII)
_YAML_KEYWORDS: Final = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def scopes(*, contact_swap: bool) -> dict[str, str]:
    """Return the scopes that the bot asks for, each with its reason."""
    return SCOPES | (SWAP_SCOPES if contact_swap else {})


def manifest(url: str | None, command: str, *, contact_swap: bool = False) -> dict[str, Any]:
    """Return the manifest for a bot with the public `url`, or for Socket Mode if it is None."""
    posted_to = None if url is None else url.rstrip("/") + PATH
    request_url = {} if posted_to is None else {"request_url": posted_to}
    return {
        "_metadata": {"major_version": 1},
        "display_information": {
            "name": "Networking",
            "description": home_texts.APP_DESCRIPTION,
            "long_description": home_texts.APP_LONG_DESCRIPTION,
            "background_color": "#1f3a5f",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "Networking", "always_online": True},
            "shortcuts": [
                {
                    "name": home_texts.SHORTCUTS[command][0],
                    "type": "global",
                    "callback_id": callback_id,
                    "description": home_texts.SHORTCUTS[command][1],
                }
                for callback_id, command in SHORTCUTS.items()
            ],
            "slash_commands": [
                {
                    "command": command,
                    **({} if posted_to is None else {"url": posted_to}),
                    "description": "See networking sessions, join one, get matched",
                    "usage_hint": _USAGE,
                    "should_escape": False,
                }
            ],
        },
        "oauth_config": {"scopes": {"bot": list(scopes(contact_swap=contact_swap))}},
        "settings": {
            "event_subscriptions": {**request_url, "bot_events": list(BOT_EVENTS)},
            "interactivity": {"is_enabled": True, **request_url},
            "org_deploy_enabled": False,
            "socket_mode_enabled": posted_to is None,
            "token_rotation_enabled": False,
        },
    }


def as_yaml(value: dict[str, Any], made_by: str) -> str:
    """Return the manifest for Slack's web form, with the reason for each scope as a comment."""
    head = f'# The Slack app, for "Create an app from a manifest". Made by:\n#   {made_by}'
    return "\n".join([head, *_lines(value)]) + "\n"


def _lines(value: dict[str, Any] | list[Any], indent: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, (dict, list)):
                yield f"{indent}{name}:"
                yield from _lines(inner, indent + "  ")
            else:
                yield f"{indent}{name}: {_scalar(inner)}"
        return
    for item in value:
        if isinstance(item, dict):
            first, *others = _lines(item, indent + "  ")
            yield f"{indent}- {first.lstrip()}"
            yield from others
        elif item in _REASONS:
            width = max(map(len, SCOPES))
            yield f"{indent}- {_scalar(item):<{width}}  # {_REASONS[item]}"
        else:
            yield f"{indent}- {_scalar(item)}"


def _scalar(value: object) -> str:
    """Return plain text if it is a valid YAML string, or else JSON, which is also valid YAML."""
    if (
        isinstance(value, str)
        and _PLAIN.fullmatch(value)
        and ": " not in value
        and not value.endswith((":", " "))
        and value.lower() not in _YAML_KEYWORDS
    ):
        return value
    return json.dumps(value, ensure_ascii=False)
