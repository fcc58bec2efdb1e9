"""The schema of rich_text blocks, in which text is never parsed."""

from collections.abc import Mapping

from slackbot.sandbox.slack.validators import (
    Rule,
    boolean,
    by_type,
    integer,
    listing,
    one_of,
    record,
    string,
    url,
)

_MANY = 1000
_STYLE = record({"bold": boolean, "italic": boolean, "strike": boolean, "code": boolean})


def _part(kind: str, fields: Mapping[str, Rule], needs: tuple[str, ...]) -> Rule:
    return record({"type": one_of(kind), "style": _STYLE, **fields}, needs)


_PARTS = by_type(
    {
        "text": _part("text", {"text": string()}, ("text",)),
        "link": _part("link", {"url": url(), "text": string(), "unsafe": boolean}, ("url",)),
        "user": _part("user", {"user_id": string()}, ("user_id",)),
        "usergroup": _part("usergroup", {"usergroup_id": string()}, ("usergroup_id",)),
        "channel": _part("channel", {"channel_id": string()}, ("channel_id",)),
        "emoji": _part("emoji", {"name": string(), "unicode": string()}, ("name",)),
        "broadcast": _part(
            "broadcast", {"range": one_of("here", "channel", "everyone")}, ("range",)
        ),
        "date": _part(
            "date",
            {
                "timestamp": integer(),
                "format": string(),
                "url": url(),
                "fallback": string(),
                "timezone": string(),
            },
            ("timestamp", "format"),
        ),
    },
    "rich text element",
)


def _group(kind: str, **more: Rule) -> Rule:
    fields = {"type": one_of(kind), "elements": listing(_PARTS, _MANY), **more}
    return record(fields, ("elements",))


_SECTION = _group("rich_text_section")
_LIST = record(
    {
        "type": one_of("rich_text_list"),
        "elements": listing(by_type({"rich_text_section": _SECTION}, "rich text element"), _MANY),
        "style": one_of("bullet", "ordered"),
        "indent": integer(0, 8),
        "offset": integer(),
        "border": integer(0, 1),
    },
    ("elements", "style"),
)
RICH_TEXT_ELEMENTS = listing(
    by_type(
        {
            "rich_text_section": _SECTION,
            "rich_text_list": _LIST,
            "rich_text_preformatted": _group("rich_text_preformatted", border=integer(0, 1)),
            "rich_text_quote": _group("rich_text_quote", border=integer(0, 1)),
        },
        "rich text element",
    ),
    _MANY,
)
