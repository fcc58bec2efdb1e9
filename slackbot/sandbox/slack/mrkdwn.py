"""Draw mrkdwn, rich_text and plain_text as a reader sees them, and find mentions and links.

Slack pairs `* _ ~` more readily than its documentation says, and so does this: a mark opens if no
letter or digit precedes it and no space follows it, and closes at the next such mark on the line
that no letter or digit follows. A zero-width character on a mark's inner side keeps it from
pairing. Untrusted text that is drawn here exactly as given is safe in Slack.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from slackbot.sandbox.slack.date_tokens import draw_date
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
    """The user who reads."""

    tz: str = "UTC"
    now: float = 0.0  # Unix seconds
    names: Mapping[str, str] = field(default_factory=dict)  # by id (U…, C…, S…)


def unescape(text: str) -> str:
    """Replace Slack's three entities, `&amp;` last."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def draw_mrkdwn(text: str, reader: Reader) -> str:
    """Return a mrkdwn string as the reader sees it, without formatting marks."""
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


def draw_text(given: Json, reader: Reader) -> str:
    """Return a text object as the reader sees it."""
    text: str = given["text"]
    return draw_mrkdwn(text, reader) if given["type"] == "mrkdwn" else text


def draw_blocks(blocks: list[Json], reader: Reader) -> str:
    """Return blocks as lines of text, without buttons and inputs."""
    lines = [line for block in blocks for line in _lines(block, reader)]
    return "\n".join(lines)


def _lines(block: Json, reader: Reader) -> Iterator[str]:
    match block["type"]:
        case "rich_text":
            yield from _rich_text(block, reader)
        case "markdown":
            yield block["text"]
        case "context":
            texts = (e for e in block["elements"] if e["type"] != "image")
            yield "  ".join(draw_text(text, reader) for text in texts)
        case "header" | "section" | "image" | "input":
            given = [block.get(key) for key in ("title", "text", "label", "hint")]
            for text in (*given, *(block.get("fields") or ())):
                if text:
                    yield draw_text(text, reader)


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


def _walk(value: object) -> Iterator[Json]:
    """Yield every object of a message's or view's JSON."""
    if isinstance(value, dict):
        yield value
        for member in value.values():
            yield from _walk(member)
    elif isinstance(value, list):
        for member in value:
            yield from _walk(member)


def _parsed(message: Json) -> Iterator[tuple[str, bool]]:
    """Yield every string that Slack parses, and whether bare addresses in it stay text."""
    if message.get("text") and isinstance(message["text"], str):
        yield message["text"], message.get("parse") == "none"
    for obj in _walk(message.get("blocks", [])):
        if obj.get("type") in {"mrkdwn", "markdown"} and isinstance(obj.get("text"), str):
            yield obj["text"], bool(obj.get("verbatim"))


def mentions(message: Json) -> set[str]:
    """Return the mentions in a message: `@U…`, `!here`, `!channel`, `!everyone`, `!subteam^S…`.

    The message is Slack's object (text, blocks, parse, link_names) or a view. The top-level text
    counts beside blocks, and so does `@name` with link_names or parse=full.
    """
    found: set[str] = set()
    by_name = message.get("link_names") or message.get("parse") == "full"
    for text, _ in _parsed(message):
        targets = (inner.partition("|")[0] for inner in _ANGLE.findall(text))
        found |= {t for t in targets if t.startswith(("@", "!")) and not t.startswith("!date")}
        if by_name:
            names = _AT.findall(text)
            found |= {f"!{name}" if name in _EVERYBODY else f"@{name}" for name in names}
    for obj in _walk(message.get("blocks", [])):
        match obj.get("type"):
            case "user":
                found.add(f"@{obj['user_id']}")
            case "usergroup":
                found.add(f"!subteam^{obj['usergroup_id']}")
            case "broadcast":
                found.add(f"!{obj['range']}")
    return found


def links(message: Json) -> set[str]:
    """Return the addresses that are clickable in a message's text, without its buttons."""
    found: set[str] = set()
    for text, verbatim in _parsed(message):
        targets = [inner.partition("|")[0] for inner in _ANGLE.findall(text)]
        found |= {unescape(t) for t in targets if _SCHEME.match(t)}
        found |= {unescape(t.rsplit("^", 1)[1]) for t in targets if t.count("^") > 2}
        if not verbatim:
            found |= {unescape(bare) for bare in _BARE.findall(_ANGLE.sub(" ", text))}
    for obj in _walk(message.get("blocks", [])):
        if obj.get("type") in {"link", "date"} and obj.get("url"):
            found.add(obj["url"])
    return found
