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
    if item.where.startswith("#mpdm-"):
        return "a direct message that both are in"
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
    accessory = block.get("accessory") or {}
    if picture := accessory.get("alt_text"):
        text = f"{text}  ▣ {picture}"
    *above, last = text.splitlines() or [""]
    yield from map(Text, above)
    beside = _element(accessory) if accessory.get("type") == "button" else Text()
    yield Text("  ").join([Text(last), beside]) if beside else Text(last)


def _header(block: Json, reader: Reader) -> Iterator[Text]:
    yield Text(draw_blocks([block], reader), "bold")


def _context(block: Json, reader: Reader) -> Iterator[Text]:
    yield Text(f"· {draw_blocks([block], reader)}", SMALL)


def _actions(block: Json, _reader: Reader) -> Iterator[Text]:
    yield Text("  ").join(map(_element, block["elements"]))


def _element(element: Json) -> Text:
    """Render a button, or a menu or a clock with what is chosen in it."""
    if "text" in element:
        return button(element["text"]["text"], main=element.get("style") == "primary")
    chosen = element.get("initial_option", {}).get("text", element["placeholder"])["text"]
    return button(f"{element.get('initial_time', chosen)} ▾")


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
