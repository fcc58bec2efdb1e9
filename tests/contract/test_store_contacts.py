"""Promises of the repositories of answers to swapping contacts, and of reports."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from store_samples import (
    ANA,
    BEN,
    CIPHER,
    NAMESAKE,
    NOW,
    SUMMIT,
    TEAM,
    fill,
    link,
    pairing,
    report,
)

from slackbot.domain.contacts import Known
from slackbot.domain.errors import NotLinked
from slackbot.domain.model import Match, MatchId, Partner, Person, SessionId, UserId
from slackbot.services.notices import SENT
from slackbot.storage.contact_tables import ContactAnswerRow, ReportRow
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher
from slackbot.storage.key_rotation import rotate
from slackbot.storage.personal_data import NOT_SHARED
from slackbot.storage.store import SqlStore
from tests.harness.fakes import enter, epoch_of

CARA = Person(TEAM, UserId("U3"))
ANA_HERE, BEN_HERE = (Known(person, epoch_of(person)) for person in (ANA, BEN))
# The account ids of Ana and Ben at Accelevents.
ACCOUNTS = {ANA: 101, BEN: 102, CARA: 103}


def side(person: Person, other: Person, **changes: Any) -> Match:
    """Return one person's side of a match, without its call."""
    met = Partner(name=other.user, account_id=ACCOUNTS[other])
    values = {"partner": met, "partner_key": f"id:{ACCOUNTS[other]}", "call": None}
    values |= {"account": str(ACCOUNTS[person]), "id": MatchId(f"{person.user}-{other.user}")}
    return pairing(person, **(values | changes))


async def connected(store: SqlStore, *people: Person) -> None:
    """Connect these people with the accounts above."""
    await enter(store, *people)
    for person in people:
        await store.links.save(link(person, account_id=ACCOUNTS[person]))


@pytest.fixture
async def met(store: SqlStore) -> Match:
    """Return Ana's side of her match with Ben, once both have it."""
    await connected(store, ANA, BEN)
    await store.matches.add(side(BEN, ANA))
    await store.matches.add(side(ANA, BEN))
    return side(ANA, BEN)


UNKNOWN = {"meeting_digest": None}
NAMED = {"partner": Partner(name="Ben"), "partner_key": "name:ben"}
MATCHES = {
    "the same meeting": ({"account": "", **NAMED}, {"account": ""}, True),
    "both accounts": (UNKNOWN, {}, True),
    "both accounts, without any meeting": (UNKNOWN, UNKNOWN, True),
    "only a name": (UNKNOWN | NAMED, UNKNOWN, False),
    "only one account": (UNKNOWN | {"account": ""}, UNKNOWN, False),
    "another meeting without accounts": ({"account": ""}, {"meeting_digest": "f" * 64}, False),
    "another session": ({}, {"session_id": SessionId(8)}, False),
    "another event": ({}, {"event": SUMMIT}, False),
}


@pytest.mark.parametrize("case", MATCHES)
async def test_a_partner_is_known_by_the_meeting_or_by_both_accounts(store: SqlStore, case: str):
    """Never by a name, nor across sessions and events, and the same way from both sides."""
    of_ana, of_ben, found = MATCHES[case]
    await connected(store, ANA, BEN)
    await store.matches.add(side(ANA, BEN, **of_ana))
    await store.matches.add(side(BEN, ANA, **of_ben))
    assert await store.contacts.partner_of(side(ANA, BEN, **of_ana)) == (
        BEN_HERE if found else None
    )
    assert await store.contacts.partner_of(side(BEN, ANA, **of_ben)) == (
        ANA_HERE if found else None
    )


async def test_a_partner_must_be_connected_to_the_event(store: SqlStore, met: Match):
    """Also as another event than the active one, but not after disconnecting from it."""
    await store.links.save(link(BEN, event=SUMMIT, account_id=ACCOUNTS[BEN]))
    assert await store.contacts.partner_of(met) == BEN_HERE
    await store.other_links.remove(BEN, met.event, NOW)
    assert await store.contacts.partner_of(met) is None
    assert await store.contacts.may_be_partner(met) == {BEN.user}
    await store.people.forget(BEN)
    assert await store.contacts.partner_of(met) is None


async def test_an_account_that_several_have_connected_is_nobodys(store: SqlStore, met: Match):
    """Two people with Ben's account: neither is offered. They are no partners of each other."""
    await enter(store, CARA)
    await store.links.save(link(CARA, account_id=ACCOUNTS[BEN]))
    theirs = replace(side(BEN, ANA), person=CARA, person_epoch=epoch_of(CARA))
    await store.matches.add(theirs)
    assert await store.contacts.partner_of(met) is None
    assert await store.contacts.partner_of(side(BEN, ANA)) == ANA_HERE
    assert await store.contacts.partner_of(theirs) == ANA_HERE
    assert await store.contacts.may_be_partner(met) == {BEN.user, CARA.user}
    assert await store.contacts.may_be_partner(replace(met, partner=Partner(name="Ben"))) == {
        BEN.user,
        CARA.user,
    }
    nobody = replace(met, partner=Partner(name="Ben"), meeting_digest=None)
    assert await store.contacts.may_be_partner(nobody) == set()


@pytest.mark.parametrize("accounts", [ACCOUNTS, dict.fromkeys(ACCOUNTS, "")])
async def test_a_third_in_the_meeting_is_not_the_partner(
    store: SqlStore, accounts: dict[Person, int | str]
):
    """Cara is not in this Slack. Who is there without any account number is nobody's partner."""

    def seen(person: Person, other: Person) -> Match:
        return side(person, other, account=str(accounts[person]))

    await connected(store, ANA, BEN)
    for person, other in ((ANA, BEN), (BEN, ANA), (ANA, CARA), (BEN, CARA)):
        await store.matches.add(seen(person, other))
    for person in (ANA, BEN):
        assert await store.contacts.partner_of(seen(person, CARA)) is None
    expected = BEN_HERE if accounts is ACCOUNTS else None
    assert await store.contacts.partner_of(seen(ANA, BEN)) == expected


async def test_only_two_yeses_agree(store: SqlStore, met: Match):
    """Answers may change until then, and not afterwards."""
    contacts, theirs = store.contacts, side(BEN, ANA)
    assert not await contacts.has_answered(ANA, BEN)
    assert not await contacts.answer(met, BEN_HERE, NOW, wanted=True)
    assert await contacts.has_answered(ANA, BEN)
    assert not await contacts.has_answered(BEN, ANA)
    assert not await contacts.answer(theirs, ANA_HERE, NOW, wanted=False)
    assert not await contacts.answer(met, BEN_HERE, NOW, wanted=True)
    await contacts.withdraw(met, BEN_HERE)
    assert not await contacts.answer(theirs, ANA_HERE, NOW, wanted=True)
    assert await contacts.list_pending(TEAM) == []
    assert await contacts.get_swap(ANA, met.id) is None
    assert await contacts.answer(met, BEN_HERE, NOW, wanted=True)
    for again in (False, True):
        assert await contacts.answer(theirs, ANA_HERE, NOW, wanted=again)
    await contacts.withdraw(met, BEN_HERE)
    assert await contacts.list_pending(TEAM) == [(ANA, met.id)]
    swap = await contacts.get_swap(ANA, met.id)
    assert swap is not None
    assert (swap.match, swap.partner, swap.agreed_at) == (met, BEN_HERE, NOW)
    assert await contacts.get_swap(ANA, MatchId("another")) is None


async def test_a_partner_is_named_in_the_data_once_both_agree(store: SqlStore, met: Match):
    """In those of both; and the number that stands for the partner never is."""

    async def named(person: Person) -> set[str]:
        [row] = (await store.personal_data.read(person))["contact_answers"]
        return {row["partner_user_id"], row["partner_epoch"]}

    await store.contacts.answer(met, BEN_HERE, NOW, wanted=True)
    assert await named(ANA) == {NOT_SHARED}
    await store.contacts.answer(side(BEN, ANA), ANA_HERE, NOW, wanted=True)
    assert await named(ANA) == {BEN.user, NOT_SHARED}
    assert await named(BEN) == {ANA.user, NOT_SHARED}


async def test_two_yeses_at_the_same_moment_agree_once(database: Database, store: SqlStore):
    """From two processes, again and again: exactly one swap is pending."""
    elsewhere = SqlStore(database, CIPHER)
    for _ in range(10):
        await connected(store, ANA, BEN)
        await store.matches.add(side(BEN, ANA))
        await store.matches.add(side(ANA, BEN))
        agreed = await asyncio.gather(
            store.contacts.answer(side(ANA, BEN), BEN_HERE, NOW, wanted=True),
            elsewhere.contacts.answer(side(BEN, ANA), ANA_HERE, NOW, wanted=True),
        )
        assert sorted(agreed) == [False, True]
        assert len(await store.contacts.list_pending(TEAM)) == 1
        await store.people.forget(ANA)
        assert await store.contacts.list_pending(TEAM) == []
        assert not await store.contacts.has_answered(BEN, ANA)


async def test_a_post_is_claimed_once(store: SqlStore, met: Match):
    """Until it is released; the conversation and the outcome stand in the rows of both."""
    contacts = store.contacts
    await contacts.answer(side(BEN, ANA), ANA_HERE, NOW, wanted=True)
    await contacts.answer(met, BEN_HERE, NOW, wanted=True)
    swap = await contacts.get_swap(ANA, met.id)
    assert swap is not None
    await contacts.save_channel(swap, "G1")
    assert await contacts.claim_post(swap, NOW)
    assert not await contacts.claim_post(swap, NOW + timedelta(seconds=1))
    assert await contacts.get_swap(ANA, met.id) == replace(swap, channel="G1", posting_at=NOW)
    await contacts.release_post(swap)
    assert await contacts.claim_post(swap, NOW)
    await contacts.settle(swap, SENT, NOW)
    assert await contacts.list_pending(TEAM) == []
    theirs = await contacts.get_swap(BEN, side(BEN, ANA).id)
    assert theirs is not None
    assert (theirs.channel, theirs.settled_at, theirs.partner) == ("G1", NOW, ANA_HERE)


async def test_answers_die_with_either_person_and_with_the_match(store: SqlStore, met: Match):
    """Nobody answers about somebody who has left, even if they connect again."""
    contacts = store.contacts
    await contacts.answer(met, BEN_HERE, NOW, wanted=True)
    await store.people.forget(BEN)
    assert await store.database.fetch_all(select(ContactAnswerRow.user_id).where(_all())) == []
    await connected(store, BEN)
    assert not await contacts.has_answered(ANA, BEN)
    gone = Known(BEN, type(BEN_HERE.epoch)("f" * 16))
    with pytest.raises(NotLinked):
        await contacts.answer(met, gone, NOW, wanted=True)
    await contacts.answer(met, BEN_HERE, NOW, wanted=True)
    await store.people.forget(ANA)
    with pytest.raises(NotLinked):
        await contacts.answer(met, BEN_HERE, NOW, wanted=True)
    await connected(store, ANA)
    with pytest.raises(NotLinked):
        await contacts.answer(met, BEN_HERE, NOW, wanted=True)
    assert await store.database.fetch_all(select(ContactAnswerRow.user_id).where(_all())) == []


def _all() -> Any:
    return ContactAnswerRow.team_id == TEAM


async def test_a_report_is_kept_until_all_admins_have_it(store: SqlStore, database: Database):
    """Encrypted, with what was added meanwhile; then its words are deleted."""
    for person in (ANA, NAMESAKE):
        await store.links.save(link(person))
        await store.matches.add(pairing(person))
        await store.reports.add(report(person))
    assert await store.reports.get(ANA, MatchId("match-1")) == report()
    stored = select(ReportRow.reason_sealed).where(ReportRow.team_id == TEAM)
    assert "Rude" not in str(await database.fetch_column(stored))
    assert await store.reports.list_pending(TEAM) == [(ANA, MatchId("match-1"))]
    await store.reports.settle(report(), NOW)
    settled = report(reason="", settled_at=NOW)
    assert await store.reports.get(ANA, MatchId("match-1")) == settled
    assert await store.reports.list_pending(TEAM) == []
    assert await store.reports.get(NAMESAKE, MatchId("match-1")) == report(NAMESAKE)
    later = NOW + timedelta(minutes=1)
    for words in ("once more", "once more", "and again"):
        await store.reports.add(report(reason=words, reported_at=later))
    await store.reports.settle(report(), NOW)
    all_words = report(reason="once more\n\nand again", reported_at=later)
    assert await store.reports.get(ANA, MatchId("match-1")) == all_words, "it was added to"


async def test_reports_are_encrypted_again_with_a_new_key(store: SqlStore, database: Database):
    """One that no key decrypts is still a report."""
    await fill(store, ANA)
    new = bytes(range(1, 33))
    await rotate(database, Cipher([new, bytes(range(32))]))
    rotated = SqlStore(database, Cipher([new]))
    assert await rotated.reports.get(ANA, MatchId("match-1")) == report()
    assert await store.reports.get(ANA, MatchId("match-1")) == report(reason="")
