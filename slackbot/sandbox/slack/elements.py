"""Schemas of Block Kit's composition objects and elements.

Workflow buttons, file inputs and rich text inputs are left out on purpose, and so refused.
"""

from collections.abc import Mapping

from slackbot.sandbox.slack.errors import Json
from slackbot.sandbox.slack.validators import (
    Problems,
    Rule,
    at,
    boolean,
    by_type,
    exactly_one,
    integer,
    listing,
    one_of,
    record,
    string,
    url,
)

ID = string(255)


def plain(most: int = 3000) -> Rule:
    """Accept a plain_text object."""
    fields = {"type": one_of("plain_text"), "text": string(most), "emoji": boolean}
    return record(fields, ("type", "text"))


def mrkdwn(most: int = 3000) -> Rule:
    """Accept a mrkdwn object."""
    fields = {"type": one_of("mrkdwn"), "text": string(most), "verbatim": boolean}
    return record(fields, ("type", "text"))


def text(most: int = 3000) -> Rule:
    """Accept a text object of either kind."""
    return by_type({"plain_text": plain(most), "mrkdwn": mrkdwn(most)}, "text object")


CONFIRM = record(
    {
        "title": plain(100),
        "text": text(300),
        "confirm": plain(30),
        "deny": plain(30),
        "style": one_of("primary", "danger"),
    },
    ("title", "text", "confirm", "deny"),
)


def option(label: Rule, **more: Rule) -> Rule:
    """Accept an option of a menu."""
    fields = {"text": label, "value": string(150), "description": plain(75), **more}
    return record(fields, ("text", "value"))


PLAIN_OPTION = option(plain(75))
BOX_OPTION = record(
    {"text": text(75), "value": string(150), "description": text(75)}, ("text", "value")
)
OPTIONS = listing(PLAIN_OPTION, 100)
GROUPS = listing(record({"label": plain(75), "options": OPTIONS}, ("label", "options")), 100)


def element(kind: str, fields: Mapping[str, Rule], needs: tuple[str, ...] = ()) -> Rule:
    """Accept an interactive element, which may have an action_id."""
    return record(
        {"type": one_of(kind), "action_id": ID, **fields}, needs, also=_choices_are_offered
    )


def _choices_are_offered(value: Json, where: str) -> Problems:
    """Yield the problems of a menu: options or groups, not both, and an initial option of them."""
    if value["type"] in {"static_select", "multi_static_select"}:
        yield from exactly_one("options", "option_groups")(value, where)
    offered = value.get("options")
    if not isinstance(offered, list):
        return
    initial = value.get("initial_option")
    wanted = [initial] if initial is not None else value.get("initial_options") or []
    if any(choice not in offered for choice in wanted):
        yield at("initial option must be one of the options", where)


_MENU: Mapping[str, Rule] = {
    "placeholder": plain(150),
    "confirm": CONFIRM,
    "focus_on_load": boolean,
}
_MULTI: Mapping[str, Rule] = {**_MENU, "max_selected_items": integer(1)}
_FIELD: Mapping[str, Rule] = {"placeholder": plain(150), "focus_on_load": boolean}
_DISPATCH = record({"trigger_actions_on": listing(string(), 2)})
_TYPED: Mapping[str, Rule] = {**_FIELD, "dispatch_action_config": _DISPATCH}
_BOXES: Mapping[str, Rule] = {
    "options": listing(BOX_OPTION, 10),
    "confirm": CONFIRM,
    "focus_on_load": boolean,
}
_LENGTHS: Mapping[str, Rule] = {"min_length": integer(0, 3000), "max_length": integer(1, 3000)}

IMAGE = record(
    {"type": one_of("image"), "image_url": url(), "alt_text": string(2000)},
    ("image_url", "alt_text"),
)
BUTTON = element(
    "button",
    {
        "text": plain(75),
        "url": url(3000),
        "value": string(2000),
        "style": one_of("primary", "danger"),
        "confirm": CONFIRM,
        "accessibility_label": string(75),
    },
    ("text",),
)
SELECTS: Mapping[str, Rule] = {
    "static_select": element(
        "static_select",
        {**_MENU, "options": OPTIONS, "option_groups": GROUPS, "initial_option": PLAIN_OPTION},
    ),
    "external_select": element(
        "external_select",
        {**_MENU, "min_query_length": integer(), "initial_option": PLAIN_OPTION},
    ),
    "users_select": element("users_select", {**_MENU, "initial_user": string()}),
    "conversations_select": element(
        "conversations_select",
        {
            **_MENU,
            "initial_conversation": string(),
            "default_to_current_conversation": boolean,
            "response_url_enabled": boolean,
        },
    ),
    "channels_select": element(
        "channels_select",
        {**_MENU, "initial_channel": string(), "response_url_enabled": boolean},
    ),
}
MULTI_SELECTS: Mapping[str, Rule] = {
    "multi_static_select": element(
        "multi_static_select",
        {**_MULTI, "options": OPTIONS, "option_groups": GROUPS, "initial_options": OPTIONS},
    ),
    "multi_external_select": element(
        "multi_external_select",
        {**_MULTI, "min_query_length": integer(), "initial_options": OPTIONS},
    ),
    "multi_users_select": element(
        "multi_users_select", {**_MULTI, "initial_users": listing(string(), 100)}
    ),
}
BOXES: Mapping[str, Rule] = {
    "checkboxes": element(
        "checkboxes", {**_BOXES, "initial_options": listing(BOX_OPTION, 10)}, ("options",)
    ),
    "radio_buttons": element(
        "radio_buttons", {**_BOXES, "initial_option": BOX_OPTION}, ("options",)
    ),
}
DATES: Mapping[str, Rule] = {
    "datepicker": element("datepicker", {**_MENU, "initial_date": string(10, 10)}),
    "timepicker": element(
        "timepicker", {**_MENU, "initial_time": string(5, 5), "timezone": string()}
    ),
}
DATE_AND_TIME = element(
    "datetimepicker",
    {"initial_date_time": integer(10**9), "confirm": CONFIRM, "focus_on_load": boolean},
)
OVERFLOW = element(
    "overflow",
    {"options": listing(option(plain(75), url=url()), 5), "confirm": CONFIRM},
    ("options",),
)
TEXT_INPUTS: Mapping[str, Rule] = {
    "plain_text_input": element(
        "plain_text_input",
        {**_TYPED, **_LENGTHS, "multiline": boolean, "initial_value": string(3000)},
    ),
    "email_text_input": element("email_text_input", {**_TYPED, "initial_value": string()}),
    "url_text_input": element("url_text_input", {**_TYPED, "initial_value": string()}),
    "number_input": element(
        "number_input",
        {
            **_TYPED,
            "is_decimal_allowed": boolean,
            "initial_value": string(),
            "min_value": string(),
            "max_value": string(),
        },
        ("is_decimal_allowed",),
    ),
}

ACCESSORY = by_type(
    {
        "button": BUTTON,
        "image": IMAGE,
        "overflow": OVERFLOW,
        **SELECTS,
        **MULTI_SELECTS,
        **BOXES,
        **DATES,
    },
    "element",
)
ACTION = by_type(
    {
        "button": BUTTON,
        "overflow": OVERFLOW,
        "datetimepicker": DATE_AND_TIME,
        **SELECTS,
        **BOXES,
        **DATES,
    },
    "element",
)
CONTEXT = by_type({"image": IMAGE, "plain_text": plain(), "mrkdwn": mrkdwn()}, "element")
INPUT = by_type(
    {
        "datetimepicker": DATE_AND_TIME,
        **TEXT_INPUTS,
        **SELECTS,
        **MULTI_SELECTS,
        **BOXES,
        **DATES,
    },
    "element",
)
