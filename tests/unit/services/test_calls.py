"""Calls of matches: offering, entering and ending them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from slackbot.aio.tasks import BackgroundTasks
from slackbot.domain.calls import EntryRefused, closes_at
from slackbot.domain.media_hosts import MediaHosts
from slackbot.domain.model import Call, Match, Source
from slackbot.domain.ports import CallOffer
from slackbot.domain.stores import CallLinkStore
from slackbot.services.calls import CLEANUP_SECONDS, Calls
from slackbot.slack import texts
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.message import Message
from slackbot.slack.commands.call_buttons import CallButtons
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher
from slackbot.storage.store import SqlStore
from slackbot.storage.url import DatabaseUrl
from tests.harness.calls import HOSTS, NAMESAKE, CallStage, call_stage, chime_call, with_call
from tests.harness.fakes import ANA, BEN, NOON, until

LINKS = HubLinks("https://hub.example", "{web}/e/{event}/portal/schedule/{session_id}")


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[CallStage]:
    async with call_stage(tmp_path) as opened:
        yield opened


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("slackbot_calls_total", {"outcome": outcome}) or 0.0


@pytest.mark.parametrize(
    ("match", "offered"),
    [
        (with_call(), True),
        (with_call(ends_at=None), True),
        (with_call(source=Source.LIST, ends_at=None), True),
        (with_call(source=Source.BEFORE), False),
        (with_call(call=None), False),
        (with_call(ends_at=NOON), False),
        (with_call(ends_at=None, received_at=NOON - timedelta(minutes=30)), False),
        (with_call(source=Source.LIST, ends_at=NOON - timedelta(seconds=1)), False),
    ],
)
async def test_a_call_is_offered_while_its_round_may_go_on(
    stage: CallStage, match: Match, offered: bool
):
    """A call is offered if its details are known and its round has not ended."""
    await stage.store.matches.add(match)
    assert (await stage.calls.offer(match) is not None) is offered
    assert (await stage.calls.renew(ANA, match.id))[1] is not None or not offered


async def test_without_a_page_nothing_is_offered(stage: CallStage):
    """Without a page no call is offered and no link stored."""
    off = Calls(store=stage.store, clock=stage.clock, signer=stage.signer, hosts=HOSTS, page=None)
    await stage.store.matches.add(with_call())
    assert await off.offer(with_call()) is None
    match, url = await off.renew(ANA, with_call().id)
    assert (match is not None, url) == (True, None)
    assert (await stage.rows()).startswith("[[], ")


async def test_an_unknown_host_is_counted_and_not_shown(stage: CallStage):
    """It is logged and counted, without the address and the credential."""
    call = chime_call()
    placement = {**call.meeting["MediaPlacement"], "SignalingUrl": "wss://evil.example/x"}
    match = with_call(call=Call({**call.meeting, "MediaPlacement": placement}, call.attendee))
    before = counted("untrusted")
    with capture_logs() as lines:
        assert await stage.calls.offer(match) is None
    assert counted("untrusted") == before + 1
    (line,) = lines
    assert (line["event"], line["reason"]) == ("call_not_offered", "media_host")
    assert "evil" not in repr(lines)
    assert call.attendee["JoinToken"] not in repr((lines, match))


async def test_an_unavailable_store_costs_the_button_only(stage: CallStage):
    """Without the store no link is offered, and the match is still sent."""
    gone = SqlStore(
        Database(
            DatabaseUrl.parse("postgresql+psycopg://nobody@127.0.0.1:1/none"), retry_seconds=0.0
        ),
        Cipher([bytes(range(32))]),
    )
    offer: CallOffer = Calls(
        store=gone, clock=stage.clock, signer=stage.signer, hosts=HOSTS, page="https://x/call"
    ).offer
    with capture_logs() as lines:
        assert await offer(with_call()) is None
    assert lines[-1]["reason"] == "store_unavailable"
    await gone.database.aclose()


async def test_no_credential_is_shown_by_accident(stage: CallStage):
    """The values that hold a credential do not show it."""
    link = await stage.offered()
    entry = await stage.calls.enter(link.rpartition("/")[2], None)
    for secret in (entry.browser, entry.call.attendee["JoinToken"], link):
        assert secret not in repr(entry) + repr(stage.calls)
    with pytest.raises(EntryRefused) as refused:
        await stage.calls.enter(link.rpartition("/")[2], None)
    assert str(refused.value) == "elsewhere"


# --- the end -------------------------------------------------------------------------------------


async def test_a_call_ends_a_minute_after_its_round(stage: CallStage):
    """Until then it can be entered; after that all details are gone."""
    match = with_call()
    link = await stage.offered(match)
    stage.clock.advance(180)
    assert await stage.store.call_links.end_calls(ANA.team, stage.clock.now()) == 0
    assert (await stage.asks(link)).status_code == 200
    stage.clock.advance(60)
    assert await stage.store.call_links.end_calls(ANA.team, stage.clock.now()) == 1
    kept = await stage.store.matches.get(ANA, match.id)
    assert kept == replace(match, call=None)
    assert await stage.store.call_links.end_calls(ANA.team, stage.clock.now()) == 0


async def test_details_go_though_nobody_says_that_a_round_is_over(stage: CallStage):
    """Closed calls lose their details at the start, and every minute after that."""
    first, second = with_call(), with_call(ANA, 2, ends_at=NOON + timedelta(seconds=30))
    foreign = with_call(NAMESAKE)
    for match in (first, second, foreign):
        await stage.store.matches.add(match)
    sealed = "v2."
    assert (await stage.rows()).count(sealed) == 3
    stage.clock.advance(90)
    cleanup = asyncio.create_task(stage.calls.run_cleanup(ANA.team))
    for waited, left in ((0, 2), (60, 2), (60, 2), (60, 1)):
        stage.clock.advance(waited)
        await until(lambda: stage.clock.sleepers)
        await stage.store.matches.list_pending(ANA.team)
        assert (await stage.rows()).count(sealed) == left, waited
    cleanup.cancel()
    with suppress(asyncio.CancelledError):
        await cleanup
    assert closes_at(first) - NOON == timedelta(seconds=240)
    assert CLEANUP_SECONDS == 60


# --- the buttons ---------------------------------------------------------------------------------


def labels(message: Message) -> list[str]:
    rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    return [button["text"]["text"] for row in rows for button in row]


async def test_a_new_link_is_for_the_one_who_asks(stage: CallStage):
    """For another person's match, or junk, there is no link and nothing is revoked."""
    link = await stage.offered()
    calling = CallButtons(calls=stage.calls, background=BackgroundTasks(), links=LINKS)
    for person, match_id in (
        (BEN, with_call().id),
        (NAMESAKE, with_call().id),
        (ANA, "f" * 32),
        (ANA, "\0"),
        (ANA, "x" * 2_000),
    ):
        message = await calling.new_link(person, match_id)
        assert texts.CALL_GONE in message.text
        calling.opened(person, match_id)
    assert (await stage.asks(link)).status_code == 200
    message = await calling.new_link(ANA, with_call().id)
    assert labels(message)[0] == texts.BUTTON_CALL
    assert (await stage.asks(link)).status_code == 410


async def test_two_presses_make_one_new_link(stage: CallStage):
    """Both presses get the same link, so that the one drawn last works."""
    await stage.offered()
    calling = CallButtons(calls=stage.calls, background=BackgroundTasks(), links=LINKS)
    first, second = [calling.new_link(ANA, with_call().id) for _ in range(2)]
    assert await first == await second
    assert await calling.new_link(ANA, with_call().id) != await first


async def test_a_closed_call_has_no_new_link(stage: CallStage):
    """After the round, or for a host no longer allowed, the card says so and links the hub."""
    match = with_call()
    await stage.offered(match)
    calling = CallButtons(calls=stage.calls, background=BackgroundTasks(), links=LINKS)
    stage.clock.advance(180)
    message = await calling.new_link(ANA, match.id)
    assert texts.CALL_GONE in message.text
    assert match.partner.name in message.text
    assert labels(message)[0] == texts.BUTTON_MEET
    assert not {texts.BUTTON_CALL, texts.BUTTON_NEW_LINK} & set(labels(message))
    other = CallStage(stage.store, stage.page, hosts=MediaHosts.of(["*.example"]))
    calling = CallButtons(calls=other.calls, background=BackgroundTasks(), links=LINKS)
    assert texts.CALL_GONE in (await calling.new_link(ANA, match.id)).text


class LosingAnswers:
    """Call links whose first binding is made, and whose answer says that it was not."""

    def __init__(self, links: CallLinkStore) -> None:
        self.links, self.lost = links, False

    def __getattr__(self, name: str) -> object:
        return getattr(self.links, name)

    async def bind(self, *args: Any) -> bool:
        bound = await self.links.bind(*args)
        if self.lost:
            return bound
        self.lost = True
        return False


async def test_a_binding_whose_answer_is_lost_is_ours(stage: CallStage):
    """The store bound the link to this browser and could not say so: the browser enters."""
    signed = (await stage.offered()).rsplit("/", 1)[1]
    stage.store.call_links = LosingAnswers(stage.store.call_links)
    entry = await stage.calls.enter(signed, None)
    again = await stage.calls.enter(signed, entry.browser)
    assert again.browser == entry.browser
    with pytest.raises(EntryRefused):
        await stage.calls.enter(signed, None)
