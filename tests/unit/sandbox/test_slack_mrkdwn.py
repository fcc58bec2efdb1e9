"""Drawing text as a reader sees it, and finding mentions and links."""

import pytest
from slack_harness import button, section

from slackbot.sandbox.slack.mrkdwn import Reader, draw_blocks, draw_mrkdwn, links, mentions

NOON = 1766059200  # 2025-12-18 12:00 UTC
HOSTILE = "<!channel> <https://x.example|click> *_~`"
IMAGE = {"type": "image", "image_url": "https://x.example/a", "alt_text": "A"}
READER = Reader("Asia/Kolkata", NOON, {"U1": "ada", "C1": "general"})


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def rich(*parts: dict[str, object], kind: str = "rich_text_section") -> dict[str, object]:
    return {"type": "rich_text", "elements": [{"type": kind, "elements": list(parts)}]}


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("*You're matched*", "You're matched"),
        ("_a_ ~b~ `c * d * e`", "a b c * d * e"),
        ("```x <@U1> *y*```", "x @ada *y*"),
        ("snake_case_name and 2 * 3 * 4", "snake_case_name and 2 * 3 * 4"),
        ("~$5 to ~$7", "$5 to $7"),
        ("*\u200bno\u200b*", "*\u200bno\u200b*"),
        ("&gt; quoted", "▎ quoted"),
        ("&amp;lt; &lt;b&gt;", "&lt; <b>"),
        (
            "<@U1> <@U9|priya> <@U8> in <#C1> and <#C9|there>",
            "@ada @priya @U8 in #general and #there",
        ),
        ("<!here> <!subteam^S1|@team> <!subteam^S2>", "@here @team @S2"),
        ("<https://x.example|here> <https://y.example>", "here https://y.example"),
        ("<|odd> <>", "odd <>"),
        ("\ue0007\ue001", "\ufffd7\ue001"),
        (escaped(HOSTILE), HOSTILE),
        (f"*{escaped(HOSTILE)}*", "<!channel> <https://x.example|click> _~`*"),
    ],
)
def test_draws_mrkdwn(given: str, shown: str):
    """Marks, tokens and entities are read as Slack reads them."""
    assert draw_mrkdwn(given, READER) == shown


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        ("{date_num} {time}", "2025-12-18 17:37"),
        ("{date_slash} {time_secs}", "2025/12/18 17:37:00"),
        ("{date}", "December 18th, 2025"),
        ("{date_short}", "Dec 18, 2025"),
        ("{date_long}", "Thursday, December 18th, 2025"),
        ("{date_short_pretty} at {time}", "today at 17:37"),
        ("{ago}", "in 7 minutes"),
        ("{nonsense}", "later"),
        ("no token", "later"),
    ],
)
def test_draws_dates(form: str, shown: str):
    """A date token shows the reader's own time, or its fallback if it is invalid."""
    assert draw_mrkdwn(f"<!date^{NOON + 420}^{form}|later>", READER) == shown


def test_draws_other_days():
    """Near days have names, far ones a date; the day is the reader's own."""
    pretty = "<!date^{}^{{date_pretty}}|f>"
    assert draw_mrkdwn(pretty.format(NOON - 86_400), READER) == "yesterday"
    assert draw_mrkdwn(pretty.format(NOON + 8 * 3600), READER) == "tomorrow"
    assert draw_mrkdwn(pretty.format(NOON + 4 * 86_400), READER) == "December 22nd, 2025"
    assert draw_mrkdwn("<!date^soon^{time}|f &lt;3>", READER) == "f <3"
    assert draw_mrkdwn(f"<!date^{NOON - 7300}^{{ago}}|f>", READER) == "2 hours ago"


def test_draws_blocks():
    """Blocks become lines; plain_text and rich_text show what they hold, unparsed."""
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": HOSTILE}},
        {
            "type": "section",
            "text": {"type": "mrkdwn", "text": "*a*"},
            "fields": [{"type": "mrkdwn", "text": "_f_"}],
        },
        {"type": "context", "elements": [IMAGE, {"type": "mrkdwn", "text": "*c*"}]},
        {"type": "actions", "elements": [button("b", "a")]},
        {"type": "divider"},
        {**IMAGE, "title": {"type": "plain_text", "text": "A title"}},
        {
            "type": "input",
            "label": {"type": "plain_text", "text": "Label"},
            "hint": {"type": "plain_text", "text": "Hint"},
        },
        {"type": "markdown", "text": "# m"},
    ]
    assert draw_blocks(blocks, READER).splitlines() == [
        HOSTILE,
        "a",
        "f",
        "c",
        "A title",
        "Label",
        "Hint",
        "# m",
    ]


def test_draws_rich_text():
    """Every element of rich_text is drawn; its text is never parsed."""
    parts = [
        {"type": "text", "text": HOSTILE},
        {"type": "link", "url": "https://x.example"},
        {"type": "link", "url": "https://x.example", "text": " x "},
        {"type": "user", "user_id": "U1"},
        {"type": "channel", "channel_id": "C1"},
        {"type": "usergroup", "usergroup_id": "S1"},
        {"type": "broadcast", "range": "here"},
        {"type": "emoji", "name": "wave"},
        {"type": "date", "timestamp": NOON, "format": "{time}", "fallback": "f"},
    ]
    shown = f"{HOSTILE}https://x.example x @ada#general@S1@here:wave:17:30"
    assert draw_blocks([rich(*parts)], READER) == shown
    text = {"type": "text", "text": "a"}
    assert draw_blocks([rich(text, kind="rich_text_quote")], READER) == "▎ a"
    item = {"type": "rich_text_section", "elements": [text]}
    listed = {"type": "rich_text_list", "style": "bullet", "elements": [item, item]}
    assert draw_blocks([{"type": "rich_text", "elements": [listed]}], READER) == "• a\n• a"


def test_finds_mentions_everywhere():
    """Mentions are found in the top-level text, in mrkdwn objects and as rich_text elements."""
    assert mentions({"text": "<!channel> <@U1|x>"}) == {"!channel", "@U1"}
    assert mentions({"text": "a", "blocks": [section("<!subteam^S1>")]}) == {"!subteam^S1"}
    parts = [
        {"type": "user", "user_id": "U1"},
        {"type": "broadcast", "range": "here"},
        {"type": "usergroup", "usergroup_id": "S1"},
    ]
    assert mentions({"blocks": [rich(*parts)]}) == {"@U1", "!here", "!subteam^S1"}
    assert mentions({"text": "<!date^1^{time}|x>"}) == set()


def test_names_mention_only_when_asked_to():
    """`@channel` is no mention without link_names or parse=full."""
    assert mentions({"text": "@channel @ada"}) == set()
    assert mentions({"text": "@channel @ada", "link_names": True}) == {"!channel", "@ada"}
    assert mentions({"text": "@here", "parse": "full"}) == {"!here"}


def test_hostile_text_reaches_nobody_where_it_is_not_parsed():
    """A hostile name mentions nobody if it is escaped, in plain_text or in rich_text."""
    message = {
        "text": escaped(HOSTILE),
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": HOSTILE}},
            rich({"type": "text", "text": HOSTILE}),
        ],
    }
    assert mentions(message) == set()


def test_finds_links():
    """Link tokens, linked dates, rich_text links and bare addresses are clickable."""
    assert links({"text": "<https://x.example?a=1&amp;b=2|x> <mailto:a@b.example>"}) == {
        "https://x.example?a=1&b=2",
        "mailto:a@b.example",
    }
    assert links({"text": "<!date^1^{time}^https://d.example|x>"}) == {"https://d.example"}
    assert links({"blocks": [rich({"type": "link", "url": "https://r.example"})]}) == {
        "https://r.example"
    }
    assert links({"text": escaped(HOSTILE)}) == {"https://x.example"}


def test_verbatim_leaves_bare_addresses_alone():
    """verbatim and rich_text keep an address in untrusted text from becoming a link."""
    verbatim = {"type": "mrkdwn", "text": "https://x.example", "verbatim": True}
    assert links({"blocks": [{"type": "section", "text": verbatim}]}) == set()
    assert links({"blocks": [section("see https://x.example")]}) == {"https://x.example"}
    assert links({"blocks": [rich({"type": "text", "text": "https://x.example"})]}) == set()
    assert links({"text": "https://x.example", "parse": "none"}) == set()
