"""Swapping contacts, and reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest

from slackbot.domain.errors import MessageDelayed, MessageRefused, MessageUnsure, PersonUnreachable
from slackbot.domain.model import Match, MatchId, Partner, Person
from slackbot.domain.notices import ContactsSwapped, MatchOver, Notice, Reported
from slackbot.domain.preferences import Preferences
from slackbot.services.contacts import OFFERED, Contacts
from slackbot.services.notices import MATCH_AGE, QUIET_CAP_SECONDS
from slackbot.slack.blocks.contacts import SWAP_NO, SWAP_UNDO
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.notice import notice_message
from slackbot.slack.commands.contact_buttons import ContactButtons
from slackbot.slack.outbound.views import Views
from tests.harness.fakes import ADMIN, ANA, BEN, FakeShared, connect, epoch_of, link, match
from tests.harness.services import Harness, Outside

GROUP = "G-U1-U2"
ADA = Partner(name="Ada", account_id=1, title="Engineer", company="Loom")
BO = Partner(name="Bo", account_id=2, title="CTO", company="Weft")


def sides() -> tuple[Match, Match]:
    """Return both sides of a match, without calls."""
    made = replace(match(BO), meeting_digest="d" * 64, account="1", partner_key="id:2")
    other = replace(match(ADA), meeting_digest="d" * 64, account="2", partner_key="id:1")
    other = replace(other, person=BEN, person_epoch=link(BEN).person_epoch)
    return replace(made, id=MatchId("a")), replace(other, id=MatchId("b"))


@pytest.fixture
async def met(harness: Harness) -> tuple[Match, Match]:
    """Ana and Ben are connected and have met."""
    await connect(harness.store, link(ANA), link(BEN))
    for side in sides():
        await harness.store.matches.add(side)
    return sides()


@pytest.fixture
def shared(outside: Outside) -> FakeShared:
    return outside.shared


async def agree(harness: Harness) -> None:
    """Let both say yes, and wait until all is quiet."""
    await harness.contacts.answer(ANA, MatchId("a"), wanted=True)
    await harness.contacts.answer(BEN, MatchId("b"), wanted=True)
    await harness.pass_time(30)


def apart(harness: Harness) -> list[tuple[Person, Person]]:
    """Return who got the news apart, and about whom."""
    return [
        (person, notice.swap.partner.person)
        for person, notice in harness.messenger.sent
        if isinstance(notice, ContactsSwapped)
    ]


def sent(harness: Harness) -> list[Notice]:
    return [notice for _, notice in harness.messenger.sent]


async def test_two_yeses_open_one_conversation(
    harness: Harness, met: tuple[Match, Match], shared: FakeShared
):
    """Both are in it, once, also when everything is submitted again and again."""
    await agree(harness)
    [(channel, notice)] = shared.posted
    assert channel == GROUP
    assert isinstance(notice, ContactsSwapped)
    assert (notice.swap.match.partner, notice.swap.person_as_met) == (BO, ADA)
    for _ in range(3):
        await harness.contacts.resume(ANA.team)
        await harness.contacts.answer(ANA, MatchId("a"), wanted=True)
        await harness.pass_time(60)
    assert len(shared.posted) == 1
    assert sent(harness) == []


@pytest.mark.parametrize("answers", [[(ANA, True)], [(ANA, True), (BEN, False)], [(BEN, False)]])
async def test_less_than_two_yeses_send_nothing(
    harness: Harness,
    met: tuple[Match, Match],
    shared: FakeShared,
    answers: list[tuple[Person, bool]],
):
    """Neither to the one nor to the other."""
    for person, wanted in answers:
        await harness.contacts.answer(person, MatchId("ab"[person is BEN]), wanted=wanted)
    await harness.pass_time(120)
    assert (shared.posted, sent(harness)) == ([], [])
    assert not {"open_shared", "post_shared"} & set(harness.journal)


@pytest.mark.parametrize(
    "errors",
    [
        [MessageRefused("missing_scope")],
        [None, MessageUnsure("no_answer")],
        [None, MessageRefused("restricted_action")],
        [PersonUnreachable("user_disabled")],
    ],
)
async def test_without_a_shared_conversation_each_gets_the_news(
    harness: Harness,
    met: tuple[Match, Match],
    shared: FakeShared,
    errors: list[Exception | None],
):
    """Once, about the other one; and nothing is posted a second time where that is not known."""
    shared.errors = errors
    await agree(harness)
    assert apart(harness) == [(ANA, BEN), (BEN, ANA)]
    await harness.contacts.resume(ANA.team)
    await harness.pass_time(60)
    assert len(apart(harness)) == 2
    assert len(shared.posted) <= 1


async def test_a_delay_is_waited_out(
    harness: Harness, met: tuple[Match, Match], shared: FakeShared
):
    """A request that had no effect is tried again, in the same conversation."""
    shared.errors = [MessageDelayed("ratelimited", 5.0), None, MessageDelayed("ratelimited", 5.0)]
    await agree(harness)
    assert [channel for channel, _ in shared.posted] == [GROUP]
    assert apart(harness) == []


async def test_after_a_crash_while_posting_each_gets_the_news(
    harness: Harness, met: tuple[Match, Match], shared: FakeShared
):
    """Nobody knows whether Slack took it, so it is not posted again."""
    await harness.contacts.answer(ANA, MatchId("a"), wanted=True)
    partner = await harness.store.contacts.partner_of(met[1])
    assert partner is not None
    await harness.store.contacts.answer(met[1], partner, harness.clock.now(), wanted=True)
    swap = await harness.store.contacts.get_swap(ANA, MatchId("a"))
    assert swap is not None
    await harness.store.contacts.claim_post(swap, harness.clock.now())
    await harness.contacts.resume(ANA.team)
    await harness.pass_time(30)
    assert shared.posted == []
    assert apart(harness) == [(ANA, BEN), (BEN, ANA)]


async def test_only_who_has_claimed_a_post_releases_it(harness: Harness, met: tuple[Match, Match]):
    """Another process may have posted while the conversation could not be opened here."""

    class Elsewhere(FakeShared):
        async def open(self, people: Sequence[Person]) -> str:
            swap = await harness.store.contacts.get_swap(ANA, MatchId("a"))
            if swap is not None and "open_shared" not in self.journal:
                await harness.store.contacts.claim_post(swap, harness.clock.now())
                self.errors.append(MessageDelayed("ratelimited", 5.0))
            return await super().open(people)

    harness.contact_notices.shared = shared = Elsewhere(harness.journal)
    await agree(harness)
    assert shared.posted == []
    assert apart(harness) == [(ANA, BEN), (BEN, ANA)]


async def test_nothing_is_sent_about_somebody_who_has_left(
    harness: Harness, met: tuple[Match, Match], shared: FakeShared
):
    """Not after they have agreed either; and an old agreement is not carried out."""
    shared.errors = [MessageDelayed("ratelimited", 60.0)] * 3
    await agree(harness)
    await harness.accounts.disconnect(BEN)
    await harness.pass_time(300)
    assert (shared.posted, sent(harness)) == ([], [])
    assert await harness.contacts.answer(ANA, MatchId("a"), wanted=True) is None


async def be_quiet(harness: Harness, person: Person, begin: int, end: int) -> None:
    """Set somebody's quiet hours, in UTC."""
    hours = {"quiet_from": begin * 60, "quiet_to": end * 60}
    quiet = Preferences(person=person, person_epoch=epoch_of(person), **hours)
    await harness.store.preferences.save(quiet)


async def test_a_swap_waits_for_quiet_hours(
    harness: Harness, met: tuple[Match, Match], shared: FakeShared
):
    """Until both can be written to."""
    await be_quiet(harness, ANA, 11, 14)
    await be_quiet(harness, BEN, 13, 15)
    await agree(harness)
    await harness.pass_time(3 * 3600 - 60, step=QUIET_CAP_SECONDS)
    assert "open_shared" not in harness.journal
    await harness.pass_time(QUIET_CAP_SECONDS, step=QUIET_CAP_SECONDS)
    assert len(shared.posted) == 1
    assert apart(harness) == []


async def test_quiet_hours_without_a_gap_end_in_news_apart(
    harness: Harness, met: tuple[Match, Match], shared: FakeShared
):
    """Each gets it once their own hours are over."""
    await be_quiet(harness, ANA, 0, 12)
    await be_quiet(harness, BEN, 12, 0)
    await agree(harness)
    await harness.pass_time(20 * 3600, step=QUIET_CAP_SECONDS)
    assert apart(harness) == [(BEN, ANA)]
    await harness.pass_time(4 * 3600, step=QUIET_CAP_SECONDS)
    assert apart(harness) == [(BEN, ANA), (ANA, BEN)]
    assert shared.posted == []
    assert await harness.store.contacts.list_pending(ANA.team) == []


async def test_an_agreement_from_long_ago_expires(
    harness: Harness, met: tuple[Match, Match], shared: FakeShared
):
    """A day later nobody remembers."""
    partner = await harness.store.contacts.partner_of(met[0])
    other = await harness.store.contacts.partner_of(met[1])
    assert partner is not None
    assert other is not None
    at = harness.clock.now() - MATCH_AGE - timedelta(seconds=1)
    await harness.store.contacts.answer(met[0], partner, at, wanted=True)
    await harness.store.contacts.answer(met[1], other, at, wanted=True)
    await harness.contacts.resume(ANA.team)
    await harness.pass_time(30)
    assert (shared.posted, sent(harness)) == ([], [])
    assert await harness.store.contacts.list_pending(ANA.team) == []


@pytest.mark.parametrize("button", [SWAP_NO, SWAP_UNDO])
async def test_two_yeses_are_not_taken_back(
    harness: Harness, met: tuple[Match, Match], shared: FakeShared, button: str
):
    """Neither by No nor by Undo, before the conversation is open; the card says so."""
    shared.errors = [MessageDelayed("ratelimited", 60.0)]
    await agree(harness)
    buttons = ContactButtons(contacts=harness.contacts, views=cast("Views", None))
    assert "both said yes" in (await buttons.pressed(ANA, f"{button}a")).text
    await harness.pass_time(300)
    assert len(shared.posted) == 1


async def test_everybody_is_asked_once(harness: Harness, met: tuple[Match, Match]):
    """Whatever the partner answers; and nobody is without the setting."""
    [offered] = await harness.contacts.offers(ANA)
    assert offered.id == "a"
    await harness.contacts.answer(BEN, MatchId("b"), wanted=False)
    assert [each.id for each in await harness.contacts.offers(ANA)] == ["a"]
    await harness.contacts.answer(ANA, MatchId("a"), wanted=False)
    assert await harness.contacts.offers(ANA) == []
    await harness.contacts.withdraw(ANA, MatchId("a"))
    assert [each.id for each in await harness.contacts.offers(ANA)] == ["a"]
    off = Contacts(
        store=harness.store,
        delivery=harness.delivery,
        clock=harness.clock,
        swaps=False,
        admins=[],
    )
    assert (await off.offers(ANA), await off.reportable(ANA)) == ([], [])
    assert await off.answer(ANA, MatchId("a"), wanted=True) is None
    assert await off.report(ANA, MatchId("a"), "rude") is None


async def test_the_end_of_a_round_offers_it(harness: Harness, met: tuple[Match, Match]):
    """Unless the person has answered; a partner who left is not offered."""

    async def over() -> MatchOver:
        return await harness.contacts.at_end_of_round(met[0])

    assert await over() == MatchOver(met[0], may_swap=True, may_report=True)
    card = notice_message(await over(), HubLinks("", ""))
    shown = [
        b["text"]["text"]
        for block in card.blocks
        for b in block.get("elements", [])
        if "action_id" in b
    ]
    assert shown[-3:] == ["Swap contacts", "No, thanks", "Report"]
    await harness.contacts.answer(ANA, MatchId("a"), wanted=True)
    assert await over() == MatchOver(met[0], may_swap=False, may_report=True)
    await harness.contacts.withdraw(ANA, MatchId("a"))
    await harness.accounts.disconnect(BEN)
    assert await over() == MatchOver(met[0], may_swap=False, may_report=True)


async def test_a_report_reaches_each_admin_once(harness: Harness, met: tuple[Match, Match]):
    """Also if Slack does not answer; its words are deleted afterwards."""
    harness.messenger.unanswered = 1
    assert await harness.contacts.report(ANA, MatchId("a"), "x" * 2000) is not None
    await harness.pass_time(60)
    [(to, notice)] = harness.messenger.sent
    assert to == ADMIN
    assert isinstance(notice, Reported)
    assert (notice.report.reason, notice.partner) == ("x" * 1000, BEN)
    kept = await harness.store.reports.get(ANA, MatchId("a"))
    assert kept is not None
    assert kept.reason == ""
    assert await harness.store.reports.list_pending(ANA.team) == []


async def test_every_report_of_a_match_reaches_the_admins(
    harness: Harness, met: tuple[Match, Match]
):
    """One that waits is passed on with the next, and a later one by itself."""

    async def report(words: str) -> None:
        harness.clock.advance(1)
        assert await harness.contacts.report(ANA, MatchId("a"), words) is not None

    harness.messenger.errors = [MessageDelayed("ratelimited", 60.0) for _ in range(2)]
    for words in ("He was rude", "He was rude", "He came back"):
        await report(words)
        await harness.quiet()
    await harness.pass_time(300)
    await report("And again")
    await harness.pass_time(60)
    got = [notice.report.reason for notice in sent(harness) if isinstance(notice, Reported)]
    assert got == ["He was rude\n\nHe came back", "And again"]
    assert await harness.store.reports.list_pending(ANA.team) == []


async def test_somebody_met_long_ago_is_found_by_name(harness: Harness, met: tuple[Match, Match]):
    """The list without a name holds only the latest."""
    for number in range(OFFERED + 2):
        later = replace(match(ordinal=number + 5), id=MatchId(f"{number:032x}"))
        at = met[0].received_at + timedelta(minutes=number + 1)
        later = replace(later, partner=Partner(name="Cleo"), partner_key="cleo", received_at=at)
        assert await harness.store.matches.add(later)
    latest = await harness.contacts.reportable(ANA)
    assert len(latest) == OFFERED
    assert met[0] not in latest
    for found in (harness.contacts.reportable, harness.contacts.offers):
        assert [each.id for each in await found(ANA, met[0].partner.name)] == [met[0].id]


async def test_nobody_gets_a_report_about_themself(harness: Harness, met: tuple[Match, Match]):
    """Another admin does. If there is none, that is not confirmed, also after Ben has left."""
    for admins in ([BEN.user, ADMIN.user], [BEN.user]):
        harness.contacts.admins = harness.contact_notices.admins = admins
        reported = await harness.contacts.report(ANA, MatchId("a"), "rude")
        assert (reported is not None) == (ADMIN.user in admins)
        await harness.pass_time(60)
        assert [person for person, _ in harness.messenger.sent] == [ADMIN]
    await harness.store.links.save(link(BEN, event="summit"))
    await harness.store.other_links.remove(BEN, met[0].event, harness.clock.now())
    assert await harness.contacts.report(ANA, MatchId("a"), "rude") is None


async def test_a_report_is_kept_until_an_admin_can_get_it(
    harness: Harness, met: tuple[Match, Match]
):
    """If the setting is emptied before the report is passed on, nothing is deleted."""
    harness.contact_notices.admins = []
    await harness.contacts.report(ANA, MatchId("a"), "rude")
    await harness.pass_time(60)
    kept = await harness.store.reports.get(ANA, MatchId("a"))
    assert kept is not None
    assert (kept.reason, kept.settled_at, sent(harness)) == ("rude", None, [])
    harness.contact_notices.admins = [ADMIN.user]
    await harness.contacts.resume(ANA.team)
    await harness.pass_time(60)
    assert [person for person, _ in harness.messenger.sent] == [ADMIN]


async def test_a_report_ends_with_its_reporter(harness: Harness, met: tuple[Match, Match]):
    """And an admin who gets no messages holds up nothing."""
    harness.messenger.errors = [MessageDelayed("ratelimited", 60.0)]
    await harness.contacts.report(ANA, MatchId("a"), "rude")
    await harness.quiet()
    await harness.accounts.disconnect(ANA)
    await harness.pass_time(120)
    assert sent(harness) == []
    harness.messenger.errors = [None, PersonUnreachable("user_disabled")]
    await harness.contacts.report(BEN, MatchId("b"), "rude")
    await harness.pass_time(30)
    assert await harness.store.reports.list_pending(ANA.team) == []
