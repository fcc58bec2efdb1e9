"""Messages and forms as a person sees them, rendered as lines of text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from rich.text import Text

from slackbot.sandbox.slack import ScreenItem
from slackbot.sandbox.slack.errors import Json
from slackbot.sandbox.slack.mrkdwn import Reader, draw_blocks

SMALL = "dim"
MAIN_BUTTON = "bold green"
PROBLEM = "bold red"


def place_of(item: ScreenItem) -> str:
    """Describe where an item appears, and who else can see it."""
    match item.kind:
        case "modal":
            return f"modal “{item.title}”"
        case "error":
            return f"{item.where}, a notice of Slack's own"
        case "ephemeral":
            return f"{item.where}, visible to nobody else"
    return "direct message" if item.where == "dm" else item.where


def lines_of(item: ScreenItem, reader: Reader) -> Iterator[Text]:
    """Yield the item's lines, top to bottom; of a refused form only the fields with errors."""
    if item.error:
        yield Text(item.error if item.kind == "modal" else item.text, PROBLEM)
    for block in item.blocks:
        if item.errors and block["block_id"] not in item.errors:
            continue
        yield from _RENDERERS.get(block["type"], _text_block)(block, reader)
        if block["block_id"] in item.errors:
            yield Text(f"! {item.errors[block['block_id']]}", PROBLEM)
    if item.kind == "modal" and not item.errors:
        yield _form_buttons(item.raw)
    if not item.blocks and not item.error:
        yield Text(item.text)


def button(label: str, *, main: bool = False) -> Text:
    """Render a button: `[▸ Label ]` is the main one, `[ Label ]` another."""
    return Text(f"[▸ {label} ]", MAIN_BUTTON) if main else Text(f"[ {label} ]")


def _text_block(block: Json, reader: Reader) -> Iterator[Text]:
    text = draw_blocks([block], reader)
    picture = (block.get("accessory") or {}).get("alt_text")
    yield from map(Text, (f"{text}  ▣ {picture}" if picture else text).splitlines())


def _header(block: Json, reader: Reader) -> Iterator[Text]:
    yield Text(draw_blocks([block], reader), "bold")


def _context(block: Json, reader: Reader) -> Iterator[Text]:
    yield Text(f"· {draw_blocks([block], reader)}", SMALL)


def _actions(block: Json, _reader: Reader) -> Iterator[Text]:
    buttons = [
        button(element["text"]["text"], main=element.get("style") == "primary")
        if "text" in element
        else button(f"{element['placeholder']['text']} ▾")
        for element in block["elements"]
    ]
    yield Text("  ").join(buttons)


def _divider(_block: Json, _reader: Reader) -> Iterator[Text]:
    yield Text("┄" * 30, SMALL)


def _input(block: Json, _reader: Reader) -> Iterator[Text]:
    element = block["element"]
    inside = element.get("initial_value") or (element.get("placeholder") or {}).get("text", "")
    yield Text.assemble(f"{block['label']['text']}  ", (f"[_ {inside or ' ' * 8} _]", SMALL))
    if block.get("hint"):
        yield Text(f"· {block['hint']['text']}", SMALL)


def _form_buttons(view: Json) -> Text:
    labels = [(view[key]["text"], key == "submit") for key in ("submit", "close") if key in view]
    return Text("  ").join(button(label, main=main) for label, main in labels)


_RENDERERS: Mapping[str, Callable[[Json, Reader], Iterator[Text]]] = {
    "header": _header,
    "context": _context,
    "actions": _actions,
    "divider": _divider,
    "input": _input,
}
