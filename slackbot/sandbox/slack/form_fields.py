"""The fields of blocks: their values, and the values that a user may type or choose."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from slackbot.sandbox.slack.errors import CannotDo, Json
from slackbot.sandbox.slack.open_views import Values, View, interactive
from slackbot.sandbox.slack.validators import web_address

# Element type: its key in state.values, and the key of its initial value.
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
    """An element that has a value."""

    block_id: str
    action_id: str
    label: str  # empty outside of input blocks
    element: Json
    required: bool

    @property
    def key(self) -> str:
        """The key of its value in state.values."""
        return _STATE[self.element["type"]][0]


def fields(blocks: list[Json]) -> Iterator[Field]:
    """Yield every field, top to bottom."""
    for block in blocks:
        for element in interactive(block):
            if element["type"] in _STATE:
                label = block["label"]["text"] if block["type"] == "input" else ""
                required = block["type"] == "input" and not block.get("optional")
                yield Field(block["block_id"], element["action_id"], label, element, required)


def state_of(blocks: list[Json], typed: Values) -> Values:
    """Return state.values: typed values, else the initial ones, else None or an empty list."""
    values: Values = {}
    for field in fields(blocks):
        kind = field.element["type"]
        key, initial = _STATE[kind]
        empty: object = [] if key in {"selected_options", "selected_users"} else None
        entry = typed.get(field.block_id, {}).get(field.action_id)
        entry = entry or {"type": kind, key: field.element.get(initial, empty)}
        values.setdefault(field.block_id, {})[field.action_id] = entry
    return values


def fill(view: View, wanted: Mapping[str, object]) -> None:
    """Set values of a view; keys are a block_id, a label or an action_id.

    Raises:
        CannotDo: a field or option does not exist, or the name is ambiguous.
    """
    known = list(fields(view.blocks))
    for key, value in wanted.items():
        match = [f for f in known if key in {f.block_id, f.label, f.action_id}]
        if len(match) != 1:
            offered = ", ".join(f.label or f.action_id for f in known)
            raise CannotDo(f"{len(match)} fields are called {key!r}; there are: {offered}")
        entry = choose(match[0], value, view.loaded.get(match[0].action_id, []))
        view.values.setdefault(match[0].block_id, {})[match[0].action_id] = entry


def choose(field: Field, wanted: object, loaded: list[Json]) -> Json:
    """Return the field's entry in state.values; options are given by value or text."""
    entry: Json = {"type": field.element["type"], field.key: wanted}
    if field.key in {"selected_option", "selected_options"}:
        offered = [*options(field.element), *loaded]
        if isinstance(wanted, list):
            entry[field.key] = [_option(field, member, offered) for member in wanted]
        elif wanted is not None:
            entry[field.key] = _option(field, wanted, offered)
    return entry


def options(element: Json) -> list[Json]:
    """Return the options of an element, including those of its groups."""
    grouped = (o for group in element.get("option_groups", ()) for o in group["options"])
    return [*element.get("options", ()), *grouped]


def _option(field: Field, wanted: object, offered: list[Json]) -> Json:
    for option in offered:
        if wanted in (option["value"], option["text"]["text"]):
            return option
    there = ", ".join(o["text"]["text"] for o in offered)
    raise CannotDo(f"{field.label or field.action_id!r} has no option {wanted!r}; it has: {there}")


def check_complete(view: View) -> None:
    """Check that Slack's client would send this form.

    Raises:
        CannotDo: a required field is empty, or a text does not fit.
    """
    values = state_of(view.blocks, view.values)
    for field in fields(view.blocks):
        value = values[field.block_id][field.action_id].get(field.key)
        problem = _problem(field, value)
        if problem:
            raise CannotDo(f"cannot submit: {field.label or field.action_id!r} {problem}")


def _problem(field: Field, value: object) -> str | None:
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
