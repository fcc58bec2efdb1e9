"""The fields of a view: what was typed or chosen, and what a person may type or choose."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from slackbot.sandbox.slack.errors import CannotDo, Json
from slackbot.sandbox.slack.rules import web_address
from slackbot.sandbox.slack.views import Values, View, interactive

# element type -> (its key in state.values, the key of its first value)
_STATE: Mapping[str, tuple[str, str]] = {
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "checkboxes": ("selected_options", "initial_options"),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "channels_select": ("selected_channel", "initial_channel"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
}


@dataclass(frozen=True, slots=True)
class Field:
    """One element that keeps a value. `label` is empty outside of input blocks."""

    block_id: str
    action_id: str
    label: str
    element: Json
    required: bool

    @property
    def key(self) -> str:
        """Where its value stands in state.values."""
        return _STATE[self.element["type"]][0]


def fields(blocks: list[Json]) -> Iterator[Field]:
    """Every field, top to bottom."""
    for block in blocks:
        for element in interactive(block):
            if element["type"] in _STATE:
                label = block["label"]["text"] if block["type"] == "input" else ""
                required = block["type"] == "input" and not block.get("optional")
                yield Field(block["block_id"], element["action_id"], label, element, required)


def state_of(blocks: list[Json], typed: Values) -> Values:
    """state.values as Slack sends it: what was typed, else the first value, else nothing."""
    values: Values = {}
    for field in fields(blocks):
        entry = typed.get(field.block_id, {}).get(field.action_id) or _first(field.element)
        values.setdefault(field.block_id, {})[field.action_id] = entry
    return values


def _first(element: Json) -> Json:
    key, initial = _STATE[element["type"]]
    nothing: object = [] if key in {"selected_options", "selected_users"} else None
    return {"type": element["type"], key: element.get(initial, nothing)}


def fill(view: View, wanted: Mapping[str, object]) -> None:
    """Type and choose; keys are a block_id, a label or an action_id."""
    known = list(fields(view.blocks))
    for key, value in wanted.items():
        match = [f for f in known if key in {f.block_id, f.label, f.action_id}]
        if len(match) != 1:
            offered = ", ".join(f.label or f.action_id for f in known)
            raise CannotDo(f"{len(match)} fields are called {key!r}; there are: {offered}")
        entry = choose(match[0], value, view.loaded.get(match[0].action_id, []))
        view.values.setdefault(match[0].block_id, {})[match[0].action_id] = entry


def choose(field: Field, wanted: object, loaded: list[Json]) -> Json:
    """The field's entry in state.values; options by their value or text."""
    entry: Json = {"type": field.element["type"], field.key: wanted}
    if field.key in {"selected_option", "selected_options"}:
        offered = [*options(field.element), *loaded]
        if isinstance(wanted, list):
            entry[field.key] = [_option(field, one, offered) for one in wanted]
        elif wanted is not None:
            entry[field.key] = _option(field, wanted, offered)
    return entry


def options(element: Json) -> list[Json]:
    """The options an element offers, those of its groups included."""
    grouped = (o for group in element.get("option_groups", ()) for o in group["options"])
    return [*element.get("options", ()), *grouped]


def _option(field: Field, wanted: object, offered: list[Json]) -> Json:
    for option in offered:
        if wanted in (option["value"], option["text"]["text"]):
            return option
    there = ", ".join(o["text"]["text"] for o in offered)
    raise CannotDo(f"{field.label or field.action_id!r} has no option {wanted!r}; it has: {there}")


def check_complete(view: View) -> None:
    """Slack's client sends no form with a gap in it or a text that does not fit."""
    values = state_of(view.blocks, view.values)
    for field in fields(view.blocks):
        value = values[field.block_id][field.action_id].get(field.key)
        problem = _unfit(field, value)
        if problem:
            raise CannotDo(f"cannot submit: {field.label or field.action_id!r} {problem}")


def _unfit(field: Field, value: object) -> str | None:
    if value in (None, "", []):
        return "is empty and not optional" if field.required else None
    if not isinstance(value, str):
        return None
    least, most = field.element.get("min_length", 0), field.element.get("max_length", 3000)
    if not least <= len(value) <= most:
        return f"must have {least} to {most} characters"
    if field.element["type"] == "url_text_input" and not web_address(value):
        return "must be a web address"
    if field.element["type"] == "email_text_input" and "@" not in value:
        return "must be an e-mail address"
    return None
