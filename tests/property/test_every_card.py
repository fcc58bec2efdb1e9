"""Every card, alone and above or below another, follows Slack's rules and ours."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slackbot.sandbox.slack.blockkit import check_view
from slackbot.sandbox.slack.message_content import read_content
from slackbot.sandbox.slack.mrkdwn import Reader, draw_blocks, draw_mrkdwn, links, mentions
from slackbot.services.dashboard import Dashboard
from slackbot.slack import blocks
from slackbot.slack.blocks.home import home
from slackbot.slack.blocks.message import TEXT_LIMIT, Message
from slackbot.slack.blocks.text import fallback
from tests.harness.cards import ABOVE, CARDS, HELPED, JOINED, NOW, VIEWS, dashboards
from tests.harness.sizes import share

READER = Reader()
# The person of the cards and their partner, whom only the bot mentions.
THEM = {"@U0", "@U1"}
BLOCKS = 50  # of a message; Home may have a hundred
MESSAGES = sorted(set(CARDS) - {"home.home"})
names = st.sampled_from(MESSAGES)
SOME = settings(
    max_examples=share(2_000, 0.03), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def builders(result: str) -> set[str]:
    """Return the public functions of `slack/blocks` that return such a value."""
    found = set()
    for module in iter_modules(blocks.__path__):
        for name, function in vars(import_module(f"{blocks.__name__}.{module.name}")).items():
            is_ours = inspect.isfunction(function) and function.__module__.endswith(module.name)
            if (
                is_ours
                and not name.startswith("_")
                and function.__annotations__["return"] == result
            ):
                found.add(f"{module.name}.{name}")
    return found


def test_the_registry_is_complete() -> None:
    """A builder that is not tried here would escape the rules."""
    assert set(CARDS) == builders("Message")
    assert set(VIEWS) == builders("View")


def seen(text: str) -> str:
    """Return what is read of a text, without spaces, marks of quotations and invisible marks."""
    return re.sub(r"[\s\u200b“”▎·…|]", "", text)


def actions(payload: dict[str, Any]) -> list[dict[str, Any]]:
    """Return all buttons of a message, those beside a text included."""
    found = []
    for block in payload["blocks"]:
        found += block["elements"] if block["type"] == "actions" else []
        found += [block["accessory"]] if "action_id" in block.get("accessory", {}) else []
    return found


def follows_the_rules(message: Message) -> None:
    """Slack accepts the message in each of its versions, and it is as we promise."""
    for version in message.versions():
        read_content(version.payload())
    payload = message.payload()
    ids = [action["action_id"] for action in actions(payload)]
    assert len(ids) == len(set(ids))
    assert sum(action.get("style") == "primary" for action in actions(payload)) <= 1
    assert len(message.blocks) <= BLOCKS
    assert mentions(payload) <= THEM
    assert all(link.startswith("https://www.accelevents.com/e/demo/") for link in links(payload))
    says_everything(message)


def says_everything(message: Message) -> None:
    """The fallback text holds every fact of the blocks, shortened if need be, and no cut markup."""
    assert message.text.strip()
    assert len(message.text) <= TEXT_LIMIT
    for token in re.findall(r"<[^>]*>?", message.text):
        assert re.fullmatch(r"<!date\^\d+\^[^|]*\|[^>]*>|<@U[01]>", token), token
    assert not re.search(r"&(?!amp;|lt;|gt;)", message.text)
    whole = "\n".join(fallback(sentence, values) for sentence, values in message.lines)
    assert seen(draw_mrkdwn(whole, READER)) == seen(draw_blocks(message.blocks, READER))
    assert message.text == whole or len(whole) > TEXT_LIMIT
    assert message.text.count("\n") == whole.count("\n"), "a fact is missing"


@SOME
@given(name=names, data=st.data())
def test_each_card(name: str, data: st.DataObject) -> None:
    """Alone, whatever the platform and the person wrote."""
    follows_the_rules(data.draw(CARDS[name]))


@SOME
@given(name=names, data=st.data())
def test_each_card_below_others(name: str, data: st.DataObject) -> None:
    """Below one or two of the cards that stand above an answer, in each way in which they do."""
    message = data.draw(CARDS[name])
    for upper in data.draw(st.lists(st.sampled_from(ABOVE), min_size=1, max_size=2)):
        message = data.draw(st.sampled_from(JOINED))(data.draw(upper), message)
    follows_the_rules(message)


@SOME
@given(name=st.sampled_from([*VIEWS]), data=st.data())
def test_each_view(name: str, data: st.DataObject) -> None:
    """Forms and notices: Slack accepts them, and they mention and link nothing."""
    view = data.draw(VIEWS[name])
    assert check_view(view, "modal") == []
    assert mentions({"blocks": view["blocks"], "text": ""}) == set()
    assert links({"blocks": view["blocks"], "text": ""}) == set()


@SOME
@given(name=names, dashboard=dashboards, data=st.data())
def test_home_with_each_answer(name: str, dashboard: Dashboard, data: st.DataObject) -> None:
    """Home takes any card as the answer to a button that was pressed there."""
    message = home(dashboard, "/networking", NOW, HELPED, data.draw(st.none() | CARDS[name]))
    assert check_view(message.home_view(), "home") == []
    payload = message.payload()
    ids = [action["action_id"] for action in actions(payload)]
    assert len(ids) == len(set(ids))
    assert sum(action.get("style") == "primary" for action in actions(payload)) <= 1
    assert mentions(payload) <= THEM
