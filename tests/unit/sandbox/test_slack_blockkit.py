"""Block Kit's limits, each with one example beyond it and one just within."""

from copy import deepcopy
from typing import Any

import pytest
from slack_harness import actions, button, modal, plain, section, typed

from slackbot.sandbox.slack.blockkit import (
    check_blocks,
    check_metadata,
    check_option_response,
    check_view,
    view_too_large,
)

IMAGE = {"type": "image", "image_url": "https://x.example/a.png", "alt_text": "A"}
OPTION = {"text": plain("One"), "value": "1"}
MENU = {"type": "static_select", "action_id": "m", "options": [OPTION]}
CONFIRM = {"title": plain("t"), "text": plain("x"), "confirm": plain("y"), "deny": plain("n")}
RICH = {
    "type": "rich_text",
    "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "hi"}]}],
}
DATE = {"type": "date", "timestamp": 1766066820, "format": "{time}", "fallback": "14:07"}


def rich(part: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [part]}],
    }


GOOD = {
    "section": section("x" * 3000),
    "fields": {"type": "section", "fields": [plain("y" * 2000)] * 10},
    "header": {"type": "header", "text": plain("h" * 150)},
    "divider": {"type": "divider", "block_id": "b" * 255},
    "image block": {**IMAGE, "title": plain("t")},
    "context": {"type": "context", "elements": [IMAGE, plain("x")] * 5},
    "actions": actions(*(button(f"{n}", f"a{n}") for n in range(25))),
    "url button": actions(button("b" * 75, "a", url="https://x.example", value="v" * 2000)),
    "confirm": actions(button("b", "a", style="danger", confirm=CONFIRM)),
    "overflow": section("x", accessory={"type": "overflow", "options": [OPTION] * 5}),
    "select": actions({**MENU, "initial_option": OPTION, "placeholder": plain("p" * 150)}),
    "external": actions({"type": "external_select", "action_id": "e", "min_query_length": 0}),
    "groups": actions(
        {"type": "static_select", "option_groups": [{"label": plain("l"), "options": [OPTION]}]}
    ),
    "boxes": actions(
        {
            "type": "checkboxes",
            "options": [{"text": {"type": "mrkdwn", "text": "*a*"}, "value": "a"}],
        }
    ),
    "input": typed("Name", "name", min_length=1, max_length=3000),
    "rich text": RICH,
    "date": rich(DATE),
    "markdown": {"type": "markdown", "text": "m" * 12_000},
}

BAD = {
    "section text 3001": (section("x" * 3001), "/blocks/0/text/text"),
    "section empty text": (section(""), "more than 0 characters"),
    "section with nothing": ({"type": "section"}, "text or fields"),
    "11 fields": ({"type": "section", "fields": [plain("y")] * 11}, "no more than 10"),
    "field 2001": ({"type": "section", "fields": [plain("y" * 2001)]}, "/fields/0/text"),
    "header 151": ({"type": "header", "text": plain("h" * 151)}, "less than 151"),
    "header mrkdwn": (
        {"type": "header", "text": {"type": "mrkdwn", "text": "h"}},
        "must be one of plain_text",
    ),
    "block_id 256": ({"type": "divider", "block_id": "b" * 256}, "/blocks/0/block_id"),
    "unknown block": ({"type": "sectoin"}, "unsupported block type: sectoin"),
    "block without type": ({"text": plain("x")}, "unsupported block type: None"),
    "no object": ("section", "must be an object"),
    "unknown key": (section("x", txet="y"), "invalid additional property: txet"),
    "missing key": ({"type": "header"}, "missing required field: text"),
    "data image": ({**IMAGE, "image_url": "data:image/png;base64,x"}, "http or https"),
    "broken url": ({**IMAGE, "image_url": "https://[x"}, "http or https"),
    "no alt text": ({"type": "image", "image_url": "https://x.example/a"}, "alt_text"),
    "alt text 2001": ({**IMAGE, "alt_text": "a" * 2001}, "/alt_text"),
    "image url 3001": ({**IMAGE, "image_url": "https://x.example/" + "a" * 3000}, "/image_url"),
    "11 in context": ({"type": "context", "elements": [plain("x")] * 11}, "no more than 10"),
    "button in context": ({"type": "context", "elements": [button("b", "a")]}, "unsupported"),
    "empty context": ({"type": "context", "elements": []}, "at least 1"),
    "empty actions": (actions(), "at least 1"),
    "26 actions": (actions(*(button("b", f"a{n}") for n in range(26))), "no more than 25"),
    "image in actions": (actions(IMAGE), "unsupported element type: image"),
    "input in actions": (actions({"type": "plain_text_input"}), "unsupported element"),
    "action_id 256": (actions(button("b", "a" * 256)), "/elements/0/action_id"),
    "button text 76": (actions(button("b" * 76, "a")), "/elements/0/text/text"),
    "button mrkdwn": (
        actions({"type": "button", "text": {"type": "mrkdwn", "text": "b"}}),
        "plain_text",
    ),
    "button value 2001": (actions(button("b", "a", value="v" * 2001)), "/value"),
    "button url 3001": (actions(button("b", "a", url="https://x.example/" + "u" * 3000)), "/url"),
    "button script url": (actions(button("b", "a", url="javascript:alert(1)")), "/url"),
    "button style": (actions(button("b", "a", style="default")), "primary, danger"),
    "confirm title 101": (
        actions(button("b", "a", confirm={**CONFIRM, "title": plain("t" * 101)})),
        "/confirm/title",
    ),
    "confirm text 301": (
        actions(button("b", "a", confirm={**CONFIRM, "text": plain("t" * 301)})),
        "/confirm/text",
    ),
    "confirm button 31": (
        actions(button("b", "a", confirm={**CONFIRM, "deny": plain("t" * 31)})),
        "/confirm/deny",
    ),
    "101 options": (actions({**MENU, "options": [OPTION] * 101}), "no more than 100"),
    "no options": (actions({"type": "static_select"}), "exactly one of options"),
    "options and groups": (
        actions({**MENU, "option_groups": [{"label": plain("l"), "options": [OPTION]}]}),
        "exactly one of options",
    ),
    "101 groups": (
        actions(
            {
                "type": "static_select",
                "option_groups": [{"label": plain("l"), "options": [OPTION]}] * 101,
            }
        ),
        "no more than 100",
    ),
    "option text 76": (
        actions({**MENU, "options": [{"text": plain("o" * 76), "value": "1"}]}),
        "/options/0/text/text",
    ),
    "option value 151": (
        actions({**MENU, "options": [{"text": plain("o"), "value": "1" * 151}]}),
        "/options/0/value",
    ),
    "option description 76": (
        actions({**MENU, "options": [{**OPTION, "description": plain("d" * 76)}]}),
        "/options/0/description",
    ),
    "foreign initial option": (
        actions({**MENU, "initial_option": {"text": plain("Two"), "value": "2"}}),
        "initial option",
    ),
    "placeholder 151": (actions({**MENU, "placeholder": plain("p" * 151)}), "/placeholder"),
    "6 in overflow": (
        section("x", accessory={"type": "overflow", "options": [OPTION] * 6}),
        "no more than 5",
    ),
    "11 boxes": (
        actions({"type": "checkboxes", "options": [OPTION] * 11}),
        "no more than 10",
    ),
    "label 2001": (typed("l" * 2001, "b"), "/label"),
    "hint 2001": ({**typed("l", "b"), "hint": plain("h" * 2001)}, "/hint"),
    "max_length 3001": (typed("l", "b", max_length=3001), "between 1 and 3000"),
    "markdown 12001": ({"type": "markdown", "text": "m" * 12_001}, "less than 12001"),
    "rich text nothing": ({"type": "rich_text", "elements": []}, "at least 1"),
    "rich text empty": (rich({"type": "text", "text": ""}), "more than 0"),
    "rich text mrkdwn": (rich({"type": "mrkdwn", "text": "x"}), "unsupported rich text"),
    "rich text broadcast": (rich({"type": "broadcast", "range": "all"}), "must be one of"),
    "date as text": (rich({**DATE, "timestamp": "soon"}), "must be an integer"),
    "emoji not boolean": (
        section("x", accessory=None) | {"text": {**plain("x"), "emoji": 1}},
        "boolean",
    ),
    "verbatim on plain": (
        {"type": "section", "text": {**plain("x"), "verbatim": True}},
        "additional property",
    ),
    "text not a string": ({"type": "section", "text": {"type": "mrkdwn", "text": 3}}, "a string"),
    "elements not a list": ({"type": "actions", "elements": {}}, "must be a list"),
    "accessory unknown": (section("x", accessory={"type": "btn"}), "unsupported element"),
    "accessory no object": (section("x", accessory="b"), "must be an object"),
}


@pytest.mark.parametrize("name", GOOD)
def test_takes_what_slack_takes(name: str):
    """A block at its limits is accepted."""
    assert check_blocks([deepcopy(GOOD[name])]) == []


@pytest.mark.parametrize("name", BAD)
def test_names_the_problem_and_its_place(name: str):
    """A block beyond a limit is refused with the problem and its JSON pointer."""
    block, said = BAD[name]
    problems = check_blocks([block])
    assert any(said in problem for problem in problems), problems
    assert all("[json-pointer:/blocks" in problem for problem in problems)


def test_fifty_blocks_and_no_more():
    """A message holds at most 50 blocks."""
    assert check_blocks([{"type": "divider"}] * 50) == []
    assert "no more than 50" in check_blocks([{"type": "divider"}] * 51)[0]
    assert "must be a list" in check_blocks({"type": "divider"})[0]


def test_ids_are_unique():
    """A duplicate block_id or action_id is refused, wherever the two are."""
    twice = [{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}]
    assert "block_id a is used more than once" in check_blocks(twice)[0]
    apart = [actions(button("x", "go")), section("y", accessory=button("z", "go"))]
    assert "action_id go is used more than once" in check_blocks(apart)[0]


def test_markdown_counts_together():
    """All markdown blocks share one limit."""
    half = {"type": "markdown", "text": "m" * 6001}
    assert "12000" in check_blocks([half, half])[0]


# Payloads whose refusal was reported; the cards of tests/property/test_every_card.py avoid them.
REPORTED: dict[str, tuple[list[Any], str]] = {
    # knacklabs/gantry#458
    "buttons with one id": ([actions(button("Yes", "go"), button("No", "go"))], "action_id go"),
    # haruotsu/slack-review-notify#99
    "a button for each row": (
        [actions(button("Edit", "open_settings")), actions(button("Edit", "open_settings"))],
        "action_id open_settings",
    ),
    # slack-go/slack#725
    "blocks with one id": ([typed("One", "b"), typed("Two", "b")], "block_id b"),
    # slackapi/bolt-js#793
    "empty text": ([section("")], "more than 0"),
    "empty label of a button": ([actions(button("", "a"))], "more than 0"),
    # metaps/genova#301 and sourcegraph/sourcegraph-public-snapshot#49979
    "a long list of tasks": ([section("task\n" * 601)], "less than 3001"),
    # metabase/metabase#80105
    "a long answer": ([section("x" * 20_000)], "less than 3001"),
    # lightdash/lightdash#22504
    "a long address": ([actions(button("b", "a", url="https://x.example/" + "u" * 3000))], "/url"),
    "an address of no kind": ([actions(button("b", "a", url="ftp://x.example"))], "/url"),
    # slackapi/bolt-js#1841
    "a picture as Slack gives it back": (
        [{**IMAGE, "image_width": 1032, "image_height": 1096, "image_bytes": 61275}],
        "invalid additional property: image_",
    ),
    "a picture beside a text as Slack gives it back": (
        [section("x", accessory={**IMAGE, "is_animated": True, "fallback": "1032x1096px image"})],
        "invalid additional property",
    ),
    # slackapi/node-slack-sdk#1027
    "blocks within an object": ({"blocks": [section("x")]}, "must be a list"),  # type: ignore[dict-item]
}


@pytest.mark.parametrize("name", REPORTED)
def test_reported_payloads_are_refused(name: str):
    """Slack accepted the parts, but not the whole, or not what it had given back itself."""
    blocks, said = REPORTED[name]
    problems = check_blocks(blocks)
    assert any(said in problem for problem in problems), problems


BAD_VIEWS = {
    "title 25": (modal(section("x"), title=plain("t" * 25)), "/view/title"),
    "submit 25": (modal(section("x"), submit=plain("t" * 25)), "/view/submit"),
    "close 25": (modal(section("x"), close=plain("t" * 25)), "/view/close"),
    "no title": ({"type": "modal", "blocks": [section("x")]}, "required field: title"),
    "no blocks": (modal(), "at least 1"),
    "101 blocks": (modal(*[section("x")] * 101), "no more than 100"),
    "metadata 3001": (modal(section("x"), private_metadata="m" * 3001), "/private_metadata"),
    "metadata object": (modal(section("x"), private_metadata={}), "must be a string"),
    "callback_id 256": (modal(section("x"), callback_id="c" * 256), "/callback_id"),
    "home": ({"type": "home", "blocks": [section("x")]}, "must be one of modal"),
    "unknown key": (modal(section("x"), ok=True), "additional property: ok"),
    "input without submit": (
        {"type": "modal", "title": plain("t"), "blocks": [typed("l", "b")]},
        "submit is required",
    ),
    "markdown": (modal({"type": "markdown", "text": "x"}), "unsupported block"),
    "two with focus": (
        modal(typed("a", "a", focus_on_load=True), typed("b", "b", focus_on_load=True)),
        "focus_on_load",
    ),
    "twice": (modal(typed("a", "a"), typed("b", "a")), "block_id a is used"),
}


@pytest.mark.parametrize("name", BAD_VIEWS)
def test_refuses_views(name: str):
    """Views have limits of their own."""
    view, said = BAD_VIEWS[name]
    problems = check_view(view, "modal")
    assert any(said in problem for problem in problems), problems


def test_takes_views():
    """A full modal and a Home of 100 blocks are accepted; a Home has no title."""
    assert check_view(modal(typed("a", "a"), callback_id="c", private_metadata="{}"), "modal") == []
    assert check_view({"type": "home", "blocks": [section("x")] * 100}, "home") == []
    home = {"type": "home", "title": plain("t"), "blocks": [section("x")]}
    assert "additional property: title" in check_view(home, "home")[0]
    assert check_view(None, "home")
    assert not view_too_large(home)
    assert view_too_large({**home, "blocks": [section("é" * 3000)] * 100})


def test_answers_of_menus():
    """A menu has up to 100 options, or groups, not both."""
    assert check_option_response({"options": []}) == []
    assert check_option_response({"options": [OPTION] * 100}) == []
    assert check_option_response({"options": [OPTION] * 101})
    assert check_option_response({"opts": [OPTION]})
    assert check_option_response([OPTION])
    groups = [{"label": plain("l"), "options": [OPTION]}]
    assert check_option_response({"option_groups": groups}) == []
    assert check_option_response({"option_groups": groups, "options": [OPTION]})


@pytest.mark.parametrize(
    "metadata",
    [
        "match",
        {},
        {"event_type": "match"},
        {"event_type": "", "event_payload": {}},
        {"event_type": "match", "event_payload": []},
        {"event_type": "match", "event_payload": {}, "more": 1},
        {"event_type": "match", "event_payload": {"a": {"b": 1}}},
        {"event_type": "match", "event_payload": {"a": [[1]]}},
        {"event_type": "match", "event_payload": {"a": None}},
    ],
)
def test_refuses_metadata(metadata: object):
    """Anything but a type and a flat payload is refused."""
    assert check_metadata(metadata)


def test_takes_metadata():
    """Scalars and lists of scalars are accepted."""
    flat = {"event_type": "m", "event_payload": {"a": 1, "b": "x", "c": [True, 2.5], "d": []}}
    assert check_metadata(flat) == []
