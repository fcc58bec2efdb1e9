"""Messages and forms as a person sees them, as lines for the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from rich.text import Text

from slackbot.sandbox.slack import ScreenItem
from slackbot.sandbox.slack.errors import Json
from slackbot.sandbox.slack.mrkdwn import Reader, draw_blocks

SMALL = "dim"
MAIN_BUTTON = "bold green"
PROBLEM = "bold red"


def place_of(seen: ScreenItem) -> str:
    """Where something is seen, and by whom else."""
    match seen.kind:
        case "modal":
            return f"modal “{seen.title}”"
        case "error":
            return f"{seen.where}, a notice of Slack's own"
        case "ephemeral":
            return f"{seen.where}, visible to nobody else"
    return "direct message" if seen.where == "dm" else seen.where


def lines_of(seen: ScreenItem, reader: Reader) -> Iterator[Text]:
    """Everything on it, top to bottom; of a form sent back, the fields with their errors."""
    if seen.error:
        yield Text(seen.error if seen.kind == "modal" else seen.text, PROBLEM)
    for block in seen.blocks:
        if seen.errors and block["block_id"] not in seen.errors:
            continue
        yield from _DRAWERS.get(block["type"], _said)(block, reader)
        if block["block_id"] in seen.errors:
            yield Text(f"! {seen.errors[block['block_id']]}", PROBLEM)
    if seen.kind == "modal" and not seen.errors:
        yield _form_buttons(seen.raw)
    if not seen.blocks and not seen.error:
        yield Text(seen.text)


def button(label: str, *, main: bool = False) -> Text:
    """`[▸ Label ]` is the main button, `[ Label ]` another."""
    return Text(f"[▸ {label} ]", MAIN_BUTTON) if main else Text(f"[ {label} ]")


def _said(block: Json, reader: Reader) -> Iterator[Text]:
    text = draw_blocks([block], reader)
    picture = (block.get("accessory") or {}).get("alt_text")
    yield from map(Text, (f"{text}  ▣ {picture}" if picture else text).splitlines())


def _heading(block: Json, reader: Reader) -> Iterator[Text]:
    yield Text(draw_blocks([block], reader), "bold")


def _small(block: Json, reader: Reader) -> Iterator[Text]:
    yield Text(f"· {draw_blocks([block], reader)}", SMALL)


def _buttons(block: Json, _reader: Reader) -> Iterator[Text]:
    drawn = [
        button(element["text"]["text"], main=element.get("style") == "primary")
        for element in block["elements"]
    ]
    yield Text("  ").join(drawn)


def _divider(_block: Json, _reader: Reader) -> Iterator[Text]:
    yield Text("┄" * 30, SMALL)


def _field(block: Json, _reader: Reader) -> Iterator[Text]:
    element = block["element"]
    inside = element.get("initial_value") or (element.get("placeholder") or {}).get("text", "")
    yield Text.assemble(f"{block['label']['text']}  ", (f"[_ {inside or ' ' * 8} _]", SMALL))
    if block.get("hint"):
        yield Text(f"· {block['hint']['text']}", SMALL)


def _form_buttons(view: Json) -> Text:
    labels = [(view[key]["text"], key == "submit") for key in ("submit", "close") if key in view]
    return Text("  ").join(button(label, main=main) for label, main in labels)


_DRAWERS: Mapping[str, Callable[[Json, Reader], Iterator[Text]]] = {
    "header": _heading,
    "context": _small,
    "actions": _buttons,
    "divider": _divider,
    "input": _field,
}
