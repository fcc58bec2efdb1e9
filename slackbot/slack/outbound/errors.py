"""Translate errors of Slack's Web API.

Only a fixed list of errors is final. They mean that the person cannot be reached, or that the
message to edit no longer exists. All other errors, including unknown ones, may be temporary, so
the caller may retry.
"""

from __future__ import annotations

import re
from typing import Final

from slack_sdk.errors import SlackApiError

from slackbot.domain.errors import (
    ContentRefused,
    EditRefused,
    MessageDelayed,
    MessageError,
    MessageRefused,
    MessageUnsure,
    PersonUnreachable,
)
from slackbot.slack.client import read_error
from slackbot.telemetry import OUTGOING_REFUSED

# Seconds before a retry if Slack does not specify a delay.
DELAY_SECONDS: Final = 2.0
# The general error and the error of some methods, which may also have HTTP status 200.
RATELIMITED: Final = {"ratelimited", "rate_limited"}
# Errors after which the request may still have had an effect.
UNSURE: Final = {"internal_error", "fatal_error", "service_unavailable", "request_timeout"}
# Errors about the person or their direct message channel.
UNREACHABLE: Final = {
    "cannot_dm_bot",
    "channel_not_found",
    "invalid_user_combination",
    "is_archived",
    "restricted_action",
    "restricted_action_non_threadable_channel",
    "restricted_action_read_only_channel",
    "restricted_action_thread_locked",
    "restricted_action_thread_only_channel",
    "user_disabled",
    "user_not_found",
    "user_not_visible",
}
# These concern the person only if a channel is opened, and otherwise the app.
OPEN: Final = "conversations.open"
UNREACHABLE_AT_OPENING: Final = {"method_not_supported_for_channel_type", "no_permission"}
# Errors about the message to edit.
UNEDITABLE: Final = {
    "cant_update_message",
    "edit_window_closed",
    "is_inactive",
    "message_not_found",
}
# Prefixes of errors about the content of a message. Simpler content may be accepted.
CONTENT: Final = (
    "attachment_",
    "block_mismatch",
    "invalid_arguments",
    "invalid_attachments",
    "invalid_blocks",
    "invalid_metadata_",
    "markdown_text_conflict",
    "metadata_",
    "msg_",
    "no_text",
    "too_many_",
)
# Errors about the app or the workspace. They are handled like unknown errors, but have metrics.
WORKSPACE: Final = {
    "access_denied",
    "accesslimited",
    "account_inactive",
    "ekm_access_denied",
    "enterprise_is_restricted",
    "invalid_auth",
    "message_limit_exceeded",
    "messages_tab_disabled",
    "missing_scope",
    "no_permission",
    "not_allowed_token_type",
    "not_authed",
    "org_login_required",
    "team_access_not_granted",
    "team_added_to_org",
    "token_expired",
    "token_revoked",
    "two_factor_setup_required",
}
_COUNTED: Final = WORKSPACE | UNREACHABLE | UNEDITABLE
_ERROR_CODE: Final = re.compile(r"[a-z0-9_]{1,60}")


def message_error(method: str, error: SlackApiError) -> MessageError:
    """Return the error for a failed method call."""
    status, reason, retry_after = read_error(error)
    if reason in RATELIMITED or status == 429:
        return MessageDelayed("ratelimited", DELAY_SECONDS if retry_after is None else retry_after)
    if not reason or reason in UNSURE or status >= 500:
        return MessageUnsure(reason or f"http_{status}")
    if not _ERROR_CODE.fullmatch(reason):
        reason = "unreadable"
    is_content = reason.startswith(CONTENT)
    label = reason if reason in _COUNTED else "content" if is_content else "other"
    OUTGOING_REFUSED.labels(reason=label).inc()
    if reason in UNREACHABLE or (method == OPEN and reason in UNREACHABLE_AT_OPENING):
        return PersonUnreachable(reason)
    if reason in UNEDITABLE:
        return EditRefused(reason)
    return ContentRefused(reason) if is_content else MessageRefused(reason)
