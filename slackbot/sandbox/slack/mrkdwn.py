"""What a reader sees of mrkdwn, rich_text and plain_text, and whom and what it would reach.

Slack pairs `* _ ~` more readily than its documentation says, so this does too: a mark opens
where no letter or digit stands before it and no space after it, and closes at the next such
mark on the line that no letter or digit follows. A zero-width character on a mark's inner side
keeps it from pairing. Foreign text that is drawn here as it was given is safe in Slack.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from slackbot.sandbox.slack.dates import draw_date
from slackbot.sandbox.slack.errors import Json

_ANGLE = re.compile(r"<([^<>\n]+)>")
_INVISIBLE = "\u200b\u200c\u200d\u2060\u00ad"
_FENCE = re.compile(r"```(.+?)```", re.DOTALL)
_CODE = re.compile(rf"`([^`\n]*[^`\n{_INVISIBLE}])`")
_QUOTE = re.compile(r"^(?:&gt;|>) ?", re.MULTILINE)
_PAIRS = [
    re.compile(
        rf"(?<![^\W_]){re.escape(m)}(?![\s{_INVISIBLE}])([^{re.escape(m)}\n]+)"
        rf"(?<![{_INVISIBLE}]){re.escape(m)}(?![^\W_])"
    )
    for m in "*_~"
]
_HELD = re.compile("\ue000(\\d+)\ue001")
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_BARE = re.compile(r"https?://[^\s<>|]+", re.IGNORECASE)
_AT = re.compile(r"(?<!\w)@([\w.-]+)")
_EVERYBODY = {"here", "channel", "everyone"}


@dataclass(frozen=True)
class Reader:
    """Who looks: their zone, the time (Unix seconds), and names for ids (U…, C…, S…)."""

    tz: str = "UTC"
    now: float = 0.0
    names: Mapping[str, str] = field(default_factory=dict)


def unescape(text: str) -> str:
    """Slack's three entities, `&amp;` last."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def draw_mrkdwn(text: str, reader: Reader) -> str:
    """A mrkdwn string as the reader sees it, formatting marks taken away."""
    held: list[str] = []
    text = text.replace("\ue000", "\ufffd")

    def hold(shown: str) -> str:
        held.append(shown)
        return f"\ue000{len(held) - 1}\ue001"

    text = _ANGLE.sub(lambda found: hold(_draw_angle(found[1], reader)), text)
    for code in (_FENCE, _CODE):
        text = code.sub(lambda found: hold(unescape(found[1])), text)
    text = _QUOTE.sub("▎ ", text)
    for pair in _PAIRS:
        text = pair.sub(r"\1", text)
    text = unescape(text)
    while _HELD.search(text):
        text = _HELD.sub(lambda found: held[int(found[1])], text)
    return text


def _draw_angle(inner: str, reader: Reader) -> str:
    target, _, label = inner.partition("|")
    if target.startswith("!date^"):
        seconds, form, *_ = [*target.split("^")[1:], "", ""]
        return draw_date(seconds, unescape(form), unescape(label), tz=reader.tz, now=reader.now)
    if target.startswith(("@", "#")):
        return target[0] + (reader.names.get(target[1:]) or label or target[1:])
    if target.startswith("!subteam^"):
        return label or "@" + target.removeprefix("!subteam^")
    if target.startswith("!"):
        return "@" + target[1:]
    return unescape(label or target)


def draw_text(thing: Json, reader: Reader) -> str:
    """A text object."""
    text: str = thing["text"]
    return draw_mrkdwn(text, reader) if thing["type"] == "mrkdwn" else text


def draw_blocks(blocks: list[Json], reader: Reader) -> str:
    """The blocks as lines of text; buttons and fields to fill are listed elsewhere."""
    lines = [line for block in blocks for line in _DRAWERS[block["type"]](block, reader)]
    return "\n".join(lines)


def _section(block: Json, reader: Reader) -> Iterator[str]:
    for text in (block.get("text"), *(block.get("fields") or ())):
        if text:
            yield draw_text(text, reader)


def _context(block: Json, reader: Reader) -> Iterator[str]:
    yield "  ".join(draw_text(e, reader) for e in block["elements"] if e["type"] != "image")


def _input(block: Json, reader: Reader) -> Iterator[str]:
    yield draw_text(block["label"], reader)
    if block.get("hint"):
        yield draw_text(block["hint"], reader)


def _image(block: Json, reader: Reader) -> Iterator[str]:
    if block.get("title"):
        yield draw_text(block["title"], reader)


def _rich_text(block: Json, reader: Reader) -> Iterator[str]:
    for group in block["elements"]:
        if group["type"] == "rich_text_list":
            yield from ("• " + _parts(item, reader) for item in group["elements"])
        else:
            quoted = "▎ " if group["type"] == "rich_text_quote" else ""
            yield quoted + _parts(group, reader)


def _parts(group: Json, reader: Reader) -> str:
    return "".join(_part(part, reader) for part in group["elements"])


def _part(part: Json, reader: Reader) -> str:
    match part["type"]:
        case "text":
            return str(part["text"])
        case "link":
            return str(part.get("text") or part["url"])
        case "emoji":
            return f":{part['name']}:"
        case "broadcast":
            return f"@{part['range']}"
        case "date":
            seconds, fallback = str(part["timestamp"]), str(part.get("fallback", ""))
            tz = part.get("timezone") or reader.tz
            return draw_date(seconds, part["format"], fallback, tz=tz, now=reader.now)
    target = next(part[k] for k in ("user_id", "channel_id", "usergroup_id") if k in part)
    mark = "#" if part["type"] == "channel" else "@"
    return f"{mark}{reader.names.get(target, target)}"


_DRAWERS: Mapping[str, Callable[[Json, Reader], Iterator[str]]] = {
    "header": _section,
    "section": _section,
    "context": _context,
    "input": _input,
    "image": _image,
    "rich_text": _rich_text,
    "markdown": lambda block, _: iter([block["text"]]),
    "actions": lambda _, __: iter(()),
    "divider": lambda _, __: iter(()),
}


def _walk(thing: object) -> Iterator[Json]:
    """Every object of a message's or view's JSON."""
    if isinstance(thing, dict):
        yield thing
        for member in thing.values():
            yield from _walk(member)
    elif isinstance(thing, list):
        for member in thing:
            yield from _walk(member)


def _parsed(message: Json) -> Iterator[tuple[str, bool]]:
    """Every string Slack parses, with whether bare addresses in it stay text."""
    if message.get("text") and isinstance(message["text"], str):
        yield message["text"], message.get("parse") == "none"
    for thing in _walk(message.get("blocks", [])):
        if thing.get("type") in {"mrkdwn", "markdown"} and isinstance(thing.get("text"), str):
            yield thing["text"], bool(thing.get("verbatim"))


def mentions(message: Json) -> set[str]:
    """Whom it would notify: `@U…`, `!here`, `!channel`, `!everyone`, `!subteam^S…`.

    The message is Slack's object (text, blocks, parse, link_names) or a view. The top-level text
    counts beside blocks; so do `@name` under link_names or parse=full.
    """
    found: set[str] = set()
    by_name = message.get("link_names") or message.get("parse") == "full"
    for text, _ in _parsed(message):
        targets = (inner.partition("|")[0] for inner in _ANGLE.findall(text))
        found |= {t for t in targets if t.startswith(("@", "!")) and not t.startswith("!date")}
        if by_name:
            names = _AT.findall(text)
            found |= {f"!{name}" if name in _EVERYBODY else f"@{name}" for name in names}
    for thing in _walk(message.get("blocks", [])):
        match thing.get("type"):
            case "user":
                found.add(f"@{thing['user_id']}")
            case "usergroup":
                found.add(f"!subteam^{thing['usergroup_id']}")
            case "broadcast":
                found.add(f"!{thing['range']}")
    return found


def links(message: Json) -> set[str]:
    """Addresses that become clickable in its text (buttons are not text)."""
    found: set[str] = set()
    for text, verbatim in _parsed(message):
        targets = [inner.partition("|")[0] for inner in _ANGLE.findall(text)]
        found |= {unescape(t) for t in targets if _SCHEME.match(t)}
        found |= {unescape(t.rsplit("^", 1)[1]) for t in targets if t.count("^") > 2}
        if not verbatim:
            found |= {unescape(bare) for bare in _BARE.findall(_ANGLE.sub(" ", text))}
    for thing in _walk(message.get("blocks", [])):
        if thing.get("type") in {"link", "date"} and thing.get("url"):
            found.add(thing["url"])
    return found
