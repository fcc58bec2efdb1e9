"""Direct messages: channels, posts, searches, and deactivated people."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from slackbot.domain.errors import (
    MessageDelayed,
    MessageRefused,
    MessageUnsure,
    PersonUnreachable,
)
from slackbot.domain.model import Person, TeamId, UserId
from slackbot.domain.notices import LinkRefused, MatchFound, MatchOver, SessionOver
from slackbot.sandbox.serving import serving
from slackbot.sandbox.slack import Fault, Slack
from slackbot.sandbox.slack.workspace import Content
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.client import slack_session, web_client
from slackbot.slack.installations import SingleInstallation
from slackbot.slack.outbound.api import SlackApi
from slackbot.slack.outbound.messenger import PAGE, SlackMessenger
from slackbot.slack.outbound.presence import Presence
from slackbot.slack.outbound.profiles import Profiles
from slackbot.slack.outbound.queue import Rank, SendRequest, WorkspaceQueue
from slackbot.storage.store import SqlStore
from tests.harness.fakes import NOON, connect, link, match
from tests.harness.services import open_store

LINKS = HubLinks("https://hub.example", "{web}/e/{event}/portal/schedule/{session_id}")


@dataclass
class Stage:
    """A Slack without limits, and a linked person in it."""

    slack: Slack
    client: AsyncWebClient
    store: SqlStore
    allowed: bool = True
    seconds: float = 0.0
    ada: Person = field(init=False)

    def __post_init__(self) -> None:
        user = UserId(self.slack.workspace.named("ada").id)
        self.ada = Person(TeamId(self.slack.workspace.team_id), user)
        self.slack.rate_limits.enabled = False

    @property
    def installation(self) -> SingleInstallation:
        return SingleInstallation(self.client, self.slack.token)

    def messenger(self) -> SlackMessenger:
        """Return a messenger as after a start: it knows only what the store holds."""
        api = SlackApi(self.client, self.installation, may_send=lambda: self.allowed)
        return SlackMessenger(api, WorkspaceQueue(), LINKS, channels=self.store.dm_channels)

    def presence(self) -> Presence:
        api = SlackApi(self.client, self.installation)
        profiles = Profiles(api, now=lambda: self.seconds)
        return Presence(profiles, now=lambda: self.seconds)

    def requests(self, method: str) -> int:
        return sum(call.method == method for call in self.slack.calls)


class NotingQueue(WorkspaceQueue):
    """A queue that notes what it is given."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.requests: list[SendRequest] = []

    async def send(self, request: SendRequest, send: Callable[[], Awaitable[Any]]) -> Any:
        self.requests.append(request)
        return await super().send(request, send)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    slack = Slack()
    async with AsyncExitStack() as closing:
        url = await closing.enter_async_context(serving(slack.app))
        session = slack_session()
        closing.push_async_callback(session.close)
        store = await closing.enter_async_context(open_store())
        made = Stage(slack, web_client(f"{url}/api/", session), store)
        await connect(store, link(made.ada))
        yield made


# --- channels ------------------------------------------------------------------------------------


async def test_a_channel_is_opened_once(stage: Stage):
    """Not again after a restart: Slack opens about fifty a minute."""
    posted = [await stage.messenger().send(stage.ada, LinkRefused()) for _ in range(2)]
    assert posted[0].channel == posted[1].channel
    assert stage.requests("conversations.open") == 1


async def test_two_notices_at_once_open_it_once(stage: Stage):
    """The second gets the channel that the first opened."""
    messenger = stage.messenger()
    notices = (LinkRefused(), SessionOver("Coffee"))
    await asyncio.gather(*(messenger.send(stage.ada, notice) for notice in notices))
    assert stage.requests("conversations.open") == 1


async def test_a_stored_channel_that_is_gone_is_reopened(stage: Stage):
    """For sending and for finding; then the new one is stored."""
    await stage.store.dm_channels.save(stage.ada, "D0GONE")
    assert await stage.messenger().find(stage.ada, "key", None) is None
    await stage.store.dm_channels.save(stage.ada, "D0GONE")
    posted = await stage.messenger().send(stage.ada, LinkRefused())
    assert await stage.store.dm_channels.get(stage.ada) == posted.channel != "D0GONE"


async def test_opening_without_an_answer_is_a_delay(stage: Stage):
    """Nothing was sent, so there is nothing to search for: it may be retried."""
    stage.slack.faults.order(Fault("conversations.open", drop="after"))
    with pytest.raises(MessageDelayed):
        await stage.messenger().send(stage.ada, LinkRefused())


async def test_a_channel_opened_early_is_known_later(stage: Stage):
    """It is opened when somebody connects, so a match needs one request."""
    messenger = stage.messenger()
    await messenger.open_channel(stage.ada)
    before = len(stage.slack.calls)
    await messenger.send(stage.ada, MatchFound(match()))
    assert [call.method for call in stage.slack.calls[before:]] == ["chat.postMessage"]


async def test_nothing_is_sent_after_the_lease(stage: Stage):
    """Checked right before the post: another process has taken over."""
    messenger = stage.messenger()
    await messenger.open_channel(stage.ada)
    stage.allowed = False
    with pytest.raises(MessageDelayed, match="lease_lapsed"):
        await messenger.send(stage.ada, LinkRefused())
    assert stage.requests("chat.postMessage") == 0


@pytest.mark.parametrize(
    "word", ["user_disabled", "is_archived", "restricted_action_thread_only_channel"]
)
async def test_people_out_of_reach(stage: Stage, word: str):
    """These errors are about the person, not about the message."""
    stage.slack.faults.order(Fault("chat.postMessage", error=word))
    with pytest.raises(PersonUnreachable, match=word):
        await stage.messenger().send(stage.ada, LinkRefused())


@pytest.mark.parametrize("fault", [{"drop": "after"}, {"status": 503}, {"error": "fatal_error"}])
async def test_history_without_an_answer_is_a_delay(stage: Stage, fault: dict[str, str]):
    """It means neither that nothing was found, nor that something is uncertain."""
    stage.slack.faults.order(Fault("conversations.history", **fault))  # type: ignore[arg-type]
    with pytest.raises(MessageDelayed):
        await stage.messenger().find(stage.ada, "key", None)


async def test_only_the_bots_messages_are_searched(stage: Stage):
    """A key in somebody else's message is not ours."""
    messenger = stage.messenger()
    await messenger.send(stage.ada, LinkRefused(), "key")
    (message,) = stage.slack.workspace.messages
    message.user = stage.ada.user
    assert await messenger.find(stage.ada, "key", None) is None


# --- searches ------------------------------------------------------------------------------------


async def test_a_key_on_the_second_page_is_found(stage: Stage):
    """Two pages are searched where the time of sending is known, else the latest alone."""
    since = datetime.now(UTC)
    messenger = stage.messenger()
    posted = await messenger.send(stage.ada, LinkRefused(), "key")

    def newer() -> None:
        for _ in range(PAGE):
            stage.slack.workspace.post(posted.channel, Content("newer"))

    newer()
    assert await messenger.find(stage.ada, "key", since) == posted
    assert await messenger.find(stage.ada, "key", None) is None
    newer()
    assert await messenger.find(stage.ada, "key", since) is None


@pytest.mark.parametrize(("seconds", "is_found"), [(30, True), (90, False)])
async def test_the_search_allows_for_slacks_clock(stage: Stage, seconds: int, is_found: bool):
    """A message that is a minute older than it can be by our clock is still found."""
    messenger = stage.messenger()
    posted = await messenger.send(stage.ada, LinkRefused(), "key")
    since = datetime.now(UTC) + timedelta(seconds=seconds)
    assert await messenger.find(stage.ada, "key", since) == (posted if is_found else None)


async def test_nothing_is_requested_for_another_workspace(stage: Stage):
    """The token is of one workspace: somebody with the same id in another is a stranger to it."""
    stranger = Person(TeamId("T0ELSE"), stage.ada.user)
    with pytest.raises(MessageRefused, match="team_access_not_granted"):
        await stage.messenger().send(stranger, LinkRefused())
    assert {call.method for call in stage.slack.calls} <= {"auth.test"}


async def test_a_match_goes_before_a_remark(stage: Stage):
    """By its own age, and an edit by the end of its round; a remark comes after answers."""
    api = SlackApi(stage.client, stage.installation)
    queue = NotingQueue()
    messenger = SlackMessenger(api, queue, LINKS, channels=stage.store.dm_channels)
    ends = NOON + timedelta(minutes=5)
    posted = await messenger.send(stage.ada, MatchFound(match()))
    await messenger.send(stage.ada, LinkRefused())
    await messenger.edit(stage.ada, posted, MatchOver(match(ends_at=ends)))
    assert [(r.rank, r.since) for r in queue.requests if r.method.startswith("chat.")] == [
        (Rank.MATCH, NOON),
        (Rank.REMARK, None),
        (Rank.EDIT, ends),
    ]


# --- presence ------------------------------------------------------------------------------------


async def test_a_deactivated_person_is_unreachable(stage: Stage):
    """Even though Slack would accept the message."""
    messenger = stage.messenger()
    await stage.store.dm_channels.save(stage.ada, stage.slack.workspace.dm(stage.ada.user).id)
    stage.slack.workspace.members[stage.ada.user].deleted = True
    with pytest.raises(PersonUnreachable, match="user_disabled"):
        await messenger.send(stage.ada, MatchFound(match()))
    assert stage.requests("chat.postMessage") == 0


async def test_active_people_are_not_looked_up(stage: Stage):
    """For an hour, and then once an hour."""
    presence = stage.presence()
    presence.mark_active(stage.ada)
    for moment, looked_up in ((3599.0, 0), (3600.0, 1), (7199.0, 1), (7200.0, 2)):
        stage.seconds = moment
        await presence.ensure_active(stage.ada)
        assert stage.requests("users.info") == looked_up


@pytest.mark.parametrize(
    "fault",
    [
        {"error": "ratelimited", "retry_after": 40},
        {"error": "missing_scope"},
        {"status": 500},
        {"drop": "before"},
    ],
)
async def test_a_failed_look_up_stops_no_message(stage: Stage, fault: dict[str, object]):
    """And look-ups pause for a while, so that no message waits for the next."""
    presence = stage.presence()
    stage.slack.faults.order(Fault("users.info", times=1, **fault))  # type: ignore[arg-type]
    stage.slack.workspace.members[stage.ada.user].deleted = True
    await presence.ensure_active(stage.ada)
    await presence.ensure_active(stage.ada)
    assert stage.requests("users.info") == 1
    stage.seconds = 61.0
    with pytest.raises(PersonUnreachable):
        await presence.ensure_active(stage.ada)


async def test_a_late_answer_to_a_post_counts(stage: Stage):
    """A post has a longer timeout than other requests, or it would be uncertain."""
    stage.slack.faults.order(Fault("chat.postMessage", delay=0.2))
    posted = await stage.messenger().send(stage.ada, LinkRefused())
    assert posted.ts
    stage.slack.faults.order(Fault("chat.postMessage", drop="after"))
    with pytest.raises(MessageUnsure):
        await stage.messenger().send(stage.ada, LinkRefused())
