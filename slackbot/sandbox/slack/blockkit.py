"""Validate the blocks of messages and views.

The limits are those of docs.slack.dev/reference/block-kit, and what validators commonly miss: too
many blocks, duplicate ids, an actions block without elements, inputs without a submit button. Where
Slack's behaviour is unknown, the stricter reading applies. Block types that are missing here
(video, file, table, card, …) are refused.
"""

import json
from collections import Counter
from collections.abc import Mapping

from slackbot.sandbox.slack import elements as kit
from slackbot.sandbox.slack.errors import Json
from slackbot.sandbox.slack.rich_text import RICH_TEXT_ELEMENTS
from slackbot.sandbox.slack.validators import (
    Rule,
    at,
    at_least_one,
    boolean,
    by_type,
    listing,
    one_of,
    record,
    string,
    url,
)

MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
MARKDOWN_CHARACTERS = 12_000  # of all markdown blocks together
VIEW_BYTES = 250_000


def _block(kind: str, fields: Mapping[str, Rule], *needs: str) -> Rule:
    return record({"type": one_of(kind), "block_id": kit.ID, **fields}, needs)


_ANYWHERE: Mapping[str, Rule] = {
    "section": record(
        {
            "type": one_of("section"),
            "block_id": kit.ID,
            "text": kit.text(3000),
            "fields": listing(kit.text(2000), 10),
            "accessory": kit.ACCESSORY,
            "expand": boolean,
        },
        also=at_least_one("text", "fields"),
    ),
    "header": _block("header", {"text": kit.plain(150)}, "text"),
    "divider": _block("divider", {}),
    "image": _block(
        "image",
        {"image_url": url(), "alt_text": string(2000), "title": kit.plain(2000)},
        "image_url",
        "alt_text",
    ),
    "context": _block("context", {"elements": listing(kit.CONTEXT, 10)}, "elements"),
    "actions": _block("actions", {"elements": listing(kit.ACTION, 25)}, "elements"),
    "rich_text": _block("rich_text", {"elements": RICH_TEXT_ELEMENTS}, "elements"),
    "input": _block(
        "input",
        {
            "label": kit.plain(2000),
            "hint": kit.plain(2000),
            "element": kit.INPUT,
            "optional": boolean,
            "dispatch_action": boolean,
        },
        "label",
        "element",
    ),
}
_MESSAGE = by_type(
    {
        **_ANYWHERE,
        "markdown": _block("markdown", {"text": string(MARKDOWN_CHARACTERS)}, "text"),
    },
    "block",
)
_MESSAGE_BLOCKS = listing(_MESSAGE, MESSAGE_BLOCKS, least=0)
_VIEW_BLOCKS = listing(by_type(_ANYWHERE, "block"), VIEW_BLOCKS)
_VIEW_FIELDS: Mapping[str, Rule] = {
    "blocks": _VIEW_BLOCKS,
    "callback_id": string(255, 0),
    "external_id": string(255, 0),
    "private_metadata": string(3000, 0),
}
_VIEWS = {
    "home": record({"type": one_of("home"), **_VIEW_FIELDS}, ("type", "blocks")),
    "modal": record(
        {
            "type": one_of("modal"),
            "title": kit.plain(24),
            "submit": kit.plain(24),
            "close": kit.plain(24),
            "clear_on_close": boolean,
            "notify_on_close": boolean,
            "submit_disabled": boolean,
            **_VIEW_FIELDS,
        },
        ("type", "title", "blocks"),
    ),
}
_OPTION_RESPONSE = record(
    {"options": listing(kit.PLAIN_OPTION, 100, least=0), "option_groups": kit.GROUPS}
)
_METADATA = record(
    {"event_type": string(255), "event_payload": record({})}, ("event_type", "event_payload")
)


def check_blocks(blocks: object) -> list[str]:
    """Return the problems of a message's blocks, each with a JSON pointer."""
    problems = list(_MESSAGE_BLOCKS(blocks, "/blocks"))
    if not problems and isinstance(blocks, list):
        problems += _across(blocks, "/blocks")
        if sum(len(b["text"]) for b in blocks if b["type"] == "markdown") > MARKDOWN_CHARACTERS:
            problems.append(at(f"markdown exceeds {MARKDOWN_CHARACTERS} in total", "/blocks"))
    return problems


def check_view(view: object, kind: str) -> list[str]:
    """Return the problems of a view of this kind, `modal` or `home`."""
    problems = list(_VIEWS[kind](view, "/view"))
    if problems or not isinstance(view, dict):
        return problems
    blocks: list[Json] = view["blocks"]
    problems += _across(blocks, "/view/blocks")
    if kind == "modal" and "submit" not in view and any(b["type"] == "input" for b in blocks):
        problems.append(at("submit is required when an input block is present", "/view"))
    return problems


def view_too_large(view: object) -> bool:
    """Return whether the view's JSON exceeds 250 kB."""
    return len(json.dumps(view, separators=(",", ":")).encode()) > VIEW_BYTES


def check_option_response(body: object) -> list[str]:
    """Return the problems of a response to block_suggestion."""
    problems = list(_OPTION_RESPONSE(body, ""))
    if isinstance(body, dict) and ("options" in body) == ("option_groups" in body):
        problems.append(at("must have exactly one of options, option_groups", ""))
    return problems


def check_metadata(metadata: object) -> list[str]:
    """Return the problems of metadata: event_type, and a payload of scalars and lists of them."""
    if not isinstance(metadata, dict):
        return [at("must be an object", "/metadata")]
    payload = metadata.get("event_payload")
    shallow = {**metadata, "event_payload": {} if isinstance(payload, dict) else payload}
    problems = list(_METADATA(shallow, "/metadata"))
    for key, value in payload.items() if isinstance(payload, dict) else ():
        values = value if isinstance(value, list) else [value]
        if not all(isinstance(v, str | int | float | bool) for v in values):
            where = f"/metadata/event_payload/{key}"
            problems.append(at("must be a scalar or a list of scalars", where))
    return problems


def _across(blocks: list[Json], where: str) -> list[str]:
    """Return the problems across blocks: duplicate ids, several elements with focus_on_load."""
    block_ids = Counter(b["block_id"] for b in blocks if b.get("block_id"))
    found = [
        element
        for block in blocks
        for element in (*block.get("elements", ()), block.get("accessory"), block.get("element"))
        if isinstance(element, dict)
    ]
    action_ids = Counter(e["action_id"] for e in found if e.get("action_id"))
    problems = [
        at(f"{kind} {id_} is used more than once", where)
        for kind, ids in (("block_id", block_ids), ("action_id", action_ids))
        for id_, count in ids.items()
        if count > 1
    ]
    if sum(bool(e.get("focus_on_load")) for e in found) > 1:
        problems.append(at("only one element may have focus_on_load", where))
    return problems
