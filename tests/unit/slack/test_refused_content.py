"""A message whose content Slack refuses is sent once in a plainer version, and found again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any

import pytest

from slackbot.domain.errors import (
    ContentRefused,
    MessageDelayed,
    MessageRefused,
    MessageUnsure,
    PersonUnreachable,
)
from slackbot.domain.model import Match, Person, TeamId, UserId
from slackbot.domain.notices import MatchFound, MatchOver, SessionOver
from slackbot.sandbox.serving import serving
from slackbot.sandbox.slack import Fault, Slack
from slackbot.slack import texts
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.client import slack_session, web_client
from slackbot.slack.installations import SingleInstallation
from slackbot.slack.outbound.api import SlackApi
from slackbot.slack.outbound.errors import DELAY_SECONDS
from slackbot.slack.outbound.messenger import SlackMessenger
from slackbot.slack.outbound.queue import WorkspaceQueue
from tests.harness.fakes import ZOE, match
from tests.harness.services import open_store

LINKS = HubLinks("https://hub.example", "{web}/e/{event}/portal/schedule/{session_id}")
POST, EDIT = "chat.postMessage", "chat.update"
CONTENT = [
    "invalid_attachments",
    "invalid_blocks",
    "invalid_blocks_format",
    "invalid_metadata_format",
    "invalid_metadata_schema",
    "metadata_too_large",
    "msg_blocks_too_long",
    "msg_too_long",
    "no_text",
    "too_many_attachments",
]


@dataclass
class Stage:
    """A messenger and a Slack without rate limits."""

    slack: Slack
    api: SlackApi
    messenger: SlackMessenger
    ada: Person

    def refuse(self, method: str, word: str, times: int) -> None:
        self.slack.faults.order(Fault(method, error=word, times=times))

    def requests(self, method: str) -> int:
        return sum(call.method == method for call in self.slack.calls)

    @property
    def received(self) -> list[Any]:
        """The contents of Ada's direct messages."""
        return [message.content for message in self.slack.workspace.visible(self.ada.user)]


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    slack = Slack()
    slack.rate_limits.enabled = False
    async with AsyncExitStack() as closing:
        url = await closing.enter_async_context(serving(slack.app))
        session = slack_session()
        closing.push_async_callback(session.close)
        client = web_client(f"{url}/api/", session)
        api = SlackApi(client, SingleInstallation(client, slack.token))
        store = await closing.enter_async_context(open_store())
        ada = Person(TeamId(slack.workspace.team_id), UserId(slack.workspace.named("ada").id))
        messenger = SlackMessenger(api, WorkspaceQueue(), LINKS, channels=store.dm_channels)
        yield Stage(slack, api, messenger, ada)


def pictured() -> Match:
    return match(replace(ZOE, picture="https://images.example/zoe.png"))


def kinds(content: Any) -> list[str]:
    """Return the types of a message's blocks, `picture` for one with a picture."""
    return ["picture" if "accessory" in b else b["type"] for b in content.blocks or []]


# --- error words ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "header", "seconds"),
    [
        ("ratelimited", 7, 7.0),
        ("rate_limited", 7, 7.0),
        ("rate_limited", None, DELAY_SECONDS),
    ],
)
async def test_rate_limits_are_a_delay(stage: Stage, word: str, header: int | None, seconds: float):
    """In either spelling, even with status 200."""
    stage.slack.faults.order(Fault(POST, status=200, error=word, retry_after=header))
    with pytest.raises(MessageDelayed) as delayed:
        await stage.api.request(POST, stage.ada, channel="D0", text="x")
    assert (delayed.value.reason, delayed.value.seconds) == ("ratelimited", seconds)


@pytest.mark.parametrize("word", CONTENT)
async def test_an_error_about_the_content(stage: Stage, word: str):
    """It says nothing about the person, and other content may be accepted."""
    stage.refuse(POST, word, 1)
    with pytest.raises(ContentRefused, match=word):
        await stage.api.request(POST, stage.ada, channel="D0", text="x")


@pytest.mark.parametrize("word", ["user_disabled", "message_not_found", "missing_scope"])
async def test_an_error_about_something_else(stage: Stage, word: str):
    """No other content helps."""
    stage.refuse(POST, word, 1)
    with pytest.raises(MessageRefused, match=word) as refused:
        await stage.api.request(POST, stage.ada, channel="D0", text="x")
    assert not isinstance(refused.value, ContentRefused)


# --- plainer versions ----------------------------------------------------------------------------


@pytest.mark.parametrize("word", CONTENT)
async def test_without_its_picture(stage: Stage, word: str):
    """The picture goes first, since its address is untrusted: text and buttons stay."""
    whole = await stage.messenger.send(stage.ada, MatchFound(pictured()))
    stage.refuse(POST, word, 1)
    plainer = await stage.messenger.send(stage.ada, MatchFound(replace(pictured(), id="2" * 32)))
    full, without = stage.received
    assert whole != plainer
    assert "picture" in kinds(full)
    assert kinds(without) == [kind.replace("picture", "section") for kind in kinds(full)]
    assert (without.text, without.metadata["event_payload"]) == (full.text, {"key": "2" * 32})


@pytest.mark.parametrize(("found", "refusals"), [(pictured(), 2), (match(), 1)])
async def test_as_text_alone(stage: Stage, found: Match, refusals: int):
    """Then all blocks go: the text names the facts and the next step, and is found by its key."""
    stage.refuse(POST, "invalid_blocks", refusals)
    posted = await stage.messenger.send(stage.ada, MatchFound(found))
    (plain,) = stage.received
    assert not plain.blocks
    assert "Zoë" in plain.text
    assert plain.text.endswith(texts.BUTTONS_MISSING)
    assert await stage.messenger.find(stage.ada, found.id, None) == posted


async def test_refused_as_text_too(stage: Stage):
    """Slack's last error word is told, nothing was received, and nothing plainer is left."""
    stage.refuse(POST, "invalid_blocks", 2)
    stage.refuse(POST, "msg_too_long", 1)
    with pytest.raises(MessageRefused, match="msg_too_long"):
        await stage.messenger.send(stage.ada, MatchFound(pictured()))
    assert (stage.requests(POST), stage.received) == (3, [])


async def test_somebody_gone_is_sent_nothing_plainer(stage: Stage):
    """An error about the person is final at once."""
    stage.refuse(POST, "user_disabled", 1)
    with pytest.raises(PersonUnreachable):
        await stage.messenger.send(stage.ada, MatchFound(pictured()))
    assert stage.requests(POST) == 1


async def test_a_plainer_one_without_an_answer(stage: Stage):
    """It may have been accepted: nothing plainer follows, and it is found."""
    stage.refuse(POST, "invalid_blocks", 1)
    stage.slack.faults.order(Fault(POST, drop="after"))
    with pytest.raises(MessageUnsure):
        await stage.messenger.send(stage.ada, MatchFound(pictured()))
    assert len(stage.received) == 1
    assert await stage.messenger.find(stage.ada, pictured().id, None) is not None


async def test_a_plainer_one_that_has_to_wait(stage: Stage):
    """A rate limit in between only takes time."""
    stage.refuse(POST, "invalid_blocks", 1)
    stage.slack.faults.order(Fault(POST, error="ratelimited", retry_after=1))
    await stage.messenger.send(stage.ada, MatchFound(pictured()))
    assert len(stage.received) == 1


async def test_a_notice_that_is_no_match(stage: Stage):
    """It is sent in a plainer version, too."""
    stage.refuse(POST, "invalid_blocks", 1)
    await stage.messenger.send(stage.ada, SessionOver("Coffee"), "key")
    (plain,) = stage.received
    assert "Coffee" in plain.text


@pytest.mark.parametrize("refusals", [0, 1, 2])
async def test_an_edit(stage: Stage, refusals: int):
    """The end of a round replaces the message, in a plainer version where needed."""
    posted = await stage.messenger.send(stage.ada, MatchFound(pictured()))
    stage.refuse(EDIT, "invalid_blocks", refusals)
    await stage.messenger.edit(stage.ada, posted, MatchOver(pictured()))
    (over,) = stage.received
    assert "You were matched with Zoë" in over.text
    assert (bool(over.blocks), "picture" in kinds(over)) == (refusals < 2, refusals == 0)
    assert await stage.messenger.find(stage.ada, pictured().id, None) == posted
