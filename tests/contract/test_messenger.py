"""The contract of every messenger: the fake, and Slack's with the sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Protocol

import pytest

from slackbot.domain.errors import (
    ContentRefused,
    EditRefused,
    MessageDelayed,
    MessageRefused,
    MessageUnsure,
    PersonUnreachable,
)
from slackbot.domain.model import Person, TeamId, UserId
from slackbot.domain.notices import (
    AvailabilityLost,
    LinkRefused,
    MatchFound,
    MatchOver,
    Notice,
    SessionOver,
)
from slackbot.domain.ports import Messenger, Posted
from slackbot.sandbox.serving import serving
from slackbot.sandbox.slack import Fault, Slack
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.client import slack_session, web_client
from slackbot.slack.installations import SingleInstallation
from slackbot.slack.outbound.api import SlackApi
from slackbot.slack.outbound.messenger import SlackMessenger
from slackbot.slack.outbound.queue import EARLY_SECONDS, WorkspaceQueue
from tests.harness.fakes import CALL, NOON, FakeMessenger, match
from tests.harness.services import open_store

LINKS = HubLinks("https://hub.example", "{web}/e/{event}/portal/schedule/{session_id}")
NOTICES: list[Notice] = [
    MatchFound(match(call=CALL)),
    LinkRefused(),
    SessionOver("Coffee"),
    AvailabilityLost("Coffee", "session_not_live"),
]


class Stage(Protocol):
    """A messenger and two people."""

    messenger: Messenger
    ada: Person
    priya: Person

    def received(self, person: Person) -> int: ...
    def gone(self, person: Person) -> None: ...
    def limit(self, seconds: int) -> None: ...
    def fall_silent(self) -> None: ...
    def lose_an_answer(self) -> None: ...
    def forbid_reading(self) -> None: ...
    def refuse(self, reason: str) -> None: ...
    def remove(self, posted: Posted) -> None: ...


class FakeStage:
    ada, priya = (Person(TeamId("T1"), UserId(user)) for user in ("UADA", "UPRIYA"))

    def __init__(self) -> None:
        self.messenger = FakeMessenger([])

    def received(self, person: Person) -> int:
        return sum(who == person for who, _ in self.messenger.sent)

    def gone(self, person: Person) -> None:
        self.messenger.errors = [PersonUnreachable("user_disabled")]

    def limit(self, seconds: int) -> None:
        self.messenger.errors = [MessageDelayed("ratelimited", seconds - EARLY_SECONDS)]

    def fall_silent(self) -> None:
        self.messenger.errors = [MessageUnsure("no_answer")]

    def lose_an_answer(self) -> None:
        self.messenger.unanswered = 1

    def forbid_reading(self) -> None:
        self.messenger.errors = [MessageRefused("missing_scope")]

    def refuse(self, reason: str) -> None:
        kind = ContentRefused if reason == "msg_too_long" else MessageRefused
        self.messenger.errors = [kind(reason)]

    def remove(self, posted: Posted) -> None:
        self.messenger.errors = [EditRefused("message_not_found")]


class RealStage:
    def __init__(self, slack: Slack, messenger: SlackMessenger) -> None:
        self.slack, self.messenger = slack, messenger
        slack.rate_limits.enabled = False
        team = TeamId(slack.workspace.team_id)
        self.ada, self.priya = (
            Person(team, UserId(slack.workspace.named(name).id)) for name in ("ada", "priya")
        )

    def received(self, person: Person) -> int:
        return len(self.slack.workspace.visible(person.user))

    def gone(self, person: Person) -> None:
        self.slack.workspace.members[person.user].deleted = True

    def limit(self, seconds: int) -> None:
        fault = Fault("chat.postMessage", error="ratelimited", retry_after=seconds)
        self.slack.faults.order(fault)

    def fall_silent(self) -> None:
        self.slack.faults.order(Fault("chat.postMessage", drop="before"))

    def lose_an_answer(self) -> None:
        self.slack.faults.order(Fault("chat.postMessage", drop="after"))

    def forbid_reading(self) -> None:
        self.slack.workspace.scopes.discard("im:history")

    def refuse(self, reason: str) -> None:
        for method in ("chat.postMessage", "chat.update", "conversations.history"):
            # A message is tried whole and as text alone.
            times = 2 if reason == "msg_too_long" else 1
            self.slack.faults.order(Fault(method, error=reason, times=times))

    def remove(self, posted: Posted) -> None:
        message = self.slack.workspace.message(posted.channel, posted.ts)
        assert message is not None
        self.slack.workspace.delete(message)


@pytest.fixture(params=["fake", "real"])
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    if request.param == "fake":
        yield FakeStage()
        return
    slack = Slack()
    async with AsyncExitStack() as closing:
        url = await closing.enter_async_context(serving(slack.app))
        session = slack_session()
        closing.push_async_callback(session.close)
        client = web_client(f"{url}/api/", session)
        store = await closing.enter_async_context(open_store())
        api = SlackApi(client, SingleInstallation(client, slack.token))
        yield RealStage(
            slack, SlackMessenger(api, WorkspaceQueue(), LINKS, channels=store.dm_channels)
        )


@pytest.mark.parametrize("notice", NOTICES, ids=lambda notice: type(notice).__name__)
async def test_every_notice_reaches_its_person_alone(stage: Stage, notice: Notice):
    """Sending once gives one direct message, and its channel and time."""
    posted = await stage.messenger.send(stage.ada, notice)
    assert posted.channel
    assert posted.ts
    assert (stage.received(stage.ada), stage.received(stage.priya)) == (1, 0)


async def test_messages_of_a_person_share_a_channel(stage: Stage):
    """Each has a time of its own in it; other people have other channels."""
    first, second = [await stage.messenger.send(stage.ada, notice) for notice in NOTICES[:2]]
    other = await stage.messenger.send(stage.priya, NOTICES[0])
    assert first.channel == second.channel != other.channel
    assert first.ts != second.ts


async def test_somebody_gone_is_a_final_refusal(stage: Stage):
    """It carries Slack's error word, and means that no other message reaches them."""
    stage.gone(stage.ada)
    with pytest.raises(PersonUnreachable) as refused:
        await stage.messenger.send(stage.ada, NOTICES[0])
    assert refused.value.reason == "user_disabled"
    assert stage.received(stage.ada) == 0


async def test_a_rate_limit_is_a_delay(stage: Stage):
    """Nothing was sent, and a long wait is left to the caller.

    It ends some seconds before Slack accepts messages again.
    """
    stage.limit(70)
    with pytest.raises(MessageDelayed) as delayed:
        await stage.messenger.send(stage.ada, NOTICES[0])
    assert delayed.value.seconds == 70 - EARLY_SECONDS
    assert stage.received(stage.ada) == 0


async def test_no_answer_is_unsure(stage: Stage):
    """The message may or may not have been accepted."""
    stage.fall_silent()
    with pytest.raises(MessageUnsure):
        await stage.messenger.send(stage.ada, NOTICES[0])


@pytest.mark.parametrize("since", [None, NOON], ids=["ever", "since"])
async def test_a_sent_message_is_found(stage: Stage, since: datetime | None):
    """By its key: a match by its id, a remark by the key given."""
    posted = await stage.messenger.send(stage.ada, NOTICES[0])
    remark = await stage.messenger.send(stage.ada, LinkRefused(), "remark-1")
    await stage.messenger.send(stage.ada, SessionOver("Coffee"))
    assert await stage.messenger.find(stage.ada, match().id, since) == posted
    assert await stage.messenger.find(stage.ada, "remark-1", since) == remark


async def test_a_message_not_sent_is_not_found(stage: Stage):
    """Neither an unknown key, nor somebody else's, nor in an empty channel."""
    await stage.messenger.send(stage.ada, NOTICES[0])
    assert await stage.messenger.find(stage.ada, "other", None) is None
    assert await stage.messenger.find(stage.priya, match().id, None) is None


async def test_a_key_that_served_twice_counts_for_the_next_match(stage: Stage):
    """Where rows are lost, the second match with a partner is sent under the key of the first."""
    first = await stage.messenger.send(stage.ada, NOTICES[0])
    assert await stage.messenger.find(stage.ada, "second", None, [match().id]) is None
    await stage.messenger.send(stage.ada, NOTICES[0])
    assert await stage.messenger.find(stage.ada, "second", None, [match().id]) == first
    assert await stage.messenger.find(stage.ada, "third", None, [match().id, "second"]) is None
    assert await stage.messenger.find(stage.ada, "other", None) is None


async def test_a_message_without_an_answer_is_found(stage: Stage):
    """Slack accepted it and the answer was lost: it is there once, and is found."""
    stage.lose_an_answer()
    with pytest.raises(MessageUnsure):
        await stage.messenger.send(stage.ada, NOTICES[0])
    assert await stage.messenger.find(stage.ada, match().id, None) is not None
    assert stage.received(stage.ada) == 1


async def test_unreadable_history_is_a_refusal(stage: Stage):
    """It is not an empty history, or the message would be sent twice; and it may pass."""
    await stage.messenger.send(stage.ada, NOTICES[0])
    stage.forbid_reading()
    with pytest.raises(MessageRefused, match="missing_scope") as refused:
        await stage.messenger.find(stage.ada, match().id, None)
    assert type(refused.value) is MessageRefused


@pytest.mark.parametrize("reason", ["ekm_access_denied", "a_word_of_tomorrow", "msg_too_long"])
async def test_a_refusal_says_nothing_about_the_person(stage: Stage, reason: str):
    """Nothing was sent, and the same message may be accepted later."""
    stage.refuse(reason)
    with pytest.raises(MessageRefused, match=reason) as refused:
        await stage.messenger.send(stage.ada, NOTICES[0])
    assert not isinstance(refused.value, PersonUnreachable | EditRefused)
    assert isinstance(refused.value, ContentRefused) == (reason == "msg_too_long")
    assert stage.received(stage.ada) == 0
    await stage.messenger.send(stage.ada, NOTICES[0])
    assert stage.received(stage.ada) == 1


async def test_a_message_that_is_gone_takes_no_edit(stage: Stage):
    """That is final for the edit, and says nothing about the person."""
    posted = await stage.messenger.send(stage.ada, NOTICES[0])
    stage.remove(posted)
    with pytest.raises(EditRefused, match="message_not_found"):
        await stage.messenger.edit(stage.ada, posted, MatchOver(match()))


async def test_an_edit_keeps_its_place(stage: Stage):
    """There is no second message, and the key is still found."""
    posted = await stage.messenger.send(stage.ada, NOTICES[0])
    for _ in range(2):
        await stage.messenger.edit(stage.ada, posted, MatchOver(match()))
    assert stage.received(stage.ada) == 1
    assert await stage.messenger.find(stage.ada, match().id, None) == posted
