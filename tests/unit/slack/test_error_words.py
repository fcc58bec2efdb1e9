"""Every error of Slack's Web API has its meaning; only those about the person are final."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from slackbot.domain.errors import (
    ContentRefused,
    EditRefused,
    MessageDelayed,
    MessageError,
    MessageRefused,
    MessageUnsure,
    PersonUnreachable,
)
from slackbot.slack.outbound.errors import (
    CONTENT,
    OPEN,
    RATELIMITED,
    UNEDITABLE,
    UNREACHABLE,
    UNREACHABLE_AT_OPENING,
    UNSURE,
    WORKSPACE,
    message_error,
)

POST, EDIT, HISTORY, INFO = "chat.postMessage", "chat.update", "conversations.history", "users.info"
# The errors that Slack's documentation lists for every method.
GENERAL = """
    access_denied accesslimited account_inactive deprecated_endpoint ekm_access_denied
    enterprise_is_restricted invalid_arg_name invalid_args invalid_array_arg invalid_auth
    invalid_charset invalid_form_data invalid_post_type method_deprecated missing_post_type
    missing_scope not_allowed_token_type not_authed org_login_required team_access_not_granted
    team_added_to_org token_expired token_revoked two_factor_setup_required
"""
# Those that it lists for a method, and what they mean there.
TABLE: list[tuple[str, type[MessageError], str]] = [
    *[(method, MessageRefused, GENERAL) for method in (POST, EDIT, OPEN, HISTORY, INFO)],
    (
        POST,
        MessageRefused,
        """as_user_not_supported cannot_reply_to_message duplicate_channel_not_found
        duplicate_message_not_found message_limit_exceeded messages_tab_disabled no_permission
        not_in_channel slack_connect_blocked_file_type slack_connect_canvas_sharing_blocked
        slack_connect_clip_sharing_blocked slack_connect_file_link_sharing_blocked
        slack_connect_file_upload_sharing_blocked slack_connect_lists_sharing_blocked
        team_not_found""",
    ),
    (
        POST,
        PersonUnreachable,
        """channel_not_found is_archived restricted_action restricted_action_non_threadable_channel
        restricted_action_read_only_channel restricted_action_thread_locked
        restricted_action_thread_only_channel""",
    ),
    (
        POST,
        ContentRefused,
        """attachment_payload_limit_exceeded invalid_arguments invalid_attachments invalid_blocks
        invalid_blocks_format invalid_metadata_format invalid_metadata_schema
        markdown_text_conflict metadata_must_be_sent_from_app metadata_too_large
        msg_blocks_too_long msg_too_long no_text too_many_attachments too_many_contact_cards""",
    ),
    (
        EDIT,
        MessageRefused,
        """as_user_not_supported cant_broadcast_message external_channel_migrating
        no_dual_broadcast_content_update no_permission slack_connect_file_link_sharing_blocked
        streaming_state_conflict team_not_found update_failed""",
    ),
    (
        EDIT,
        EditRefused,
        "cant_update_message edit_window_closed is_inactive message_not_found",
    ),
    (EDIT, ContentRefused, "block_mismatch invalid_blocks msg_too_long no_text"),
    (
        OPEN,
        PersonUnreachable,
        """cannot_dm_bot channel_not_found invalid_user_combination
        method_not_supported_for_channel_type no_permission user_disabled user_not_found
        user_not_visible""",
    ),
    (OPEN, MessageRefused, "not_enough_users users_list_not_supplied"),
    (
        HISTORY,
        MessageRefused,
        """invalid_cursor invalid_limit invalid_ts_latest invalid_ts_oldest
        no_permission not_in_channel pagination_not_available""",
    ),
    (HISTORY, PersonUnreachable, "channel_not_found"),
    (INFO, PersonUnreachable, "user_not_found user_not_visible"),
    *[(method, MessageDelayed, "ratelimited rate_limited") for method in (POST, EDIT, OPEN)],
    *[
        (method, MessageUnsure, "fatal_error internal_error request_timeout service_unavailable")
        for method in (POST, EDIT)
    ],
]
CASES = [(method, kind, word) for method, kind, words in TABLE for word in words.split()]
FINAL = UNREACHABLE | UNREACHABLE_AT_OPENING | UNEDITABLE


def meaning(method: str, word: str, status: int = 200) -> MessageError:
    """Return the error that the method's callers get."""
    response = AsyncSlackResponse(
        client=None,
        http_verb="POST",
        api_url=method,
        req_args={},
        data={"ok": False, "error": word},
        headers={},
        status_code=status,
    )
    return message_error(method, SlackApiError("refused", response))


def counted(reason: str) -> float:
    return REGISTRY.get_sample_value("slackbot_outgoing_refused_total", {"reason": reason}) or 0.0


@pytest.mark.parametrize(("method", "kind", "word"), CASES)
def test_a_documented_error_has_its_meaning(
    method: str, kind: type[MessageError], word: str
) -> None:
    """Its word stays with it for the log, but for the two spellings of a rate limit."""
    error = meaning(method, word)
    assert type(error) is kind
    assert error.reason == ("ratelimited" if kind is MessageDelayed else word)


@given(st.from_regex(r"[a-z][a-z0-9_]{0,59}", fullmatch=True))
def test_an_unknown_error_is_never_final(word: str) -> None:
    """Whatever Slack may call it one day, it says nothing about the person."""
    if word in FINAL | UNSURE | RATELIMITED or word.startswith(CONTENT):
        return
    for method in (POST, EDIT, OPEN, HISTORY, INFO):
        assert type(meaning(method, word)) is MessageRefused


@pytest.mark.parametrize("word", ["Bearer xoxb-1", "über", "a" * 61, "two words", "line\nbreak"])
def test_an_error_that_is_no_word_is_not_repeated(word: str) -> None:
    """It goes into logs and rows, so only a word of Slack's kind does."""
    assert meaning(POST, word).reason == "unreadable"


def test_refusals_are_counted_by_a_bounded_set_of_words() -> None:
    """A word about the app or the workspace by itself, all others together."""
    before = {name: counted(name) for name in ("ekm_access_denied", "other", "content")}
    for word in ("ekm_access_denied", "word_one", "word_two", "msg_odd"):
        meaning(POST, word)
    grown = {name: counted(name) - count for name, count in before.items()}
    assert grown == {"ekm_access_denied": 1, "other": 2, "content": 1}
    assert counted("word_one") == 0


def test_no_error_means_two_things() -> None:
    """The lists do not overlap, but for what depends on the method."""
    lists = UNREACHABLE, UNEDITABLE, WORKSPACE, UNSURE, RATELIMITED
    words = [word for each in lists for word in each]
    assert len(words) == len(set(words))
    assert not [word for word in words if word.startswith(CONTENT)]


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_failing_server_leaves_it_open(status: int) -> None:
    """With a word or without one, the message may have been accepted."""
    assert isinstance(meaning(POST, "", status), MessageUnsure)
    assert isinstance(meaning(POST, "odd", status), MessageUnsure)
