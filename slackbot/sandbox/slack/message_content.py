"""Validate the content that a caller gives a message."""

import json
from collections.abc import Iterator

from slackbot.sandbox.slack.blockkit import check_blocks, check_metadata
from slackbot.sandbox.slack.errors import Json, SlackError
from slackbot.sandbox.slack.open_views import with_ids
from slackbot.sandbox.slack.workspace import Content

# Slack documents 4,000 for chat.update and truncation at 40,000 elsewhere, but has refused posts
# over 4,000 too (seratch/ChatGPT-in-Slack#102); hence one limit.
TEXT_CHARACTERS = 4_000
# Undocumented: "12,000 with a buffer for block containers", refused from 11,341 on
# (slackapi/bolt-js#2509, #2867). It applies to chat.* only, not to response_urls.
BLOCKS_CHARACTERS = 11_000
METADATA_BYTES = 8_000  # undocumented; a flat payload is far below


def read_content(args: Json, *, in_chat: bool = True) -> Content:
    """Return the validated content; `in_chat` is false for response_urls and command responses.

    Raises:
        SlackError: no_text, msg_too_long, invalid_blocks, msg_blocks_too_long, invalid_metadata_*.
    """
    text = args.get("text") or ""
    if not isinstance(text, str):
        raise SlackError("invalid_arguments", messages=["must be a string [json-pointer:/text]"])
    if len(text) > TEXT_CHARACTERS:
        raise SlackError("msg_too_long")
    blocks = args.get("blocks")
    if not text.strip() and not blocks:
        raise SlackError("no_text")
    return Content(
        text=text,
        blocks=_read_blocks(blocks, in_chat=in_chat),
        metadata=read_metadata(args.get("metadata")),
        mrkdwn=args.get("mrkdwn", True) is not False,
        parse=args.get("parse"),
        link_names=bool(args.get("link_names")),
        thread_ts=args.get("thread_ts"),
    )


def _read_blocks(blocks: object, *, in_chat: bool) -> list[Json] | None:
    if blocks is None:
        return None
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    problems = check_blocks(blocks)
    if problems:
        raise SlackError("invalid_blocks", messages=problems)
    if in_chat and sum(map(len, _texts(blocks))) > BLOCKS_CHARACTERS:
        raise SlackError("msg_blocks_too_long")
    return with_ids(blocks)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for member in value:
            yield from _texts(member)
    elif isinstance(value, dict):
        for key, member in value.items():
            if key == "text" and isinstance(member, str):
                yield member
            else:
                yield from _texts(member)


def read_metadata(metadata: object) -> Json | None:
    """Return validated message metadata.

    Raises:
        SlackError: invalid_metadata_format, invalid_metadata_schema or metadata_too_large.
    """
    if metadata is None:
        return None
    if not isinstance(metadata, dict):
        raise SlackError("invalid_metadata_format")
    problems = check_metadata(metadata)
    if problems:
        raise SlackError("invalid_metadata_schema", messages=problems)
    if len(json.dumps(metadata).encode()) > METADATA_BYTES:
        raise SlackError("metadata_too_large")
    return metadata
