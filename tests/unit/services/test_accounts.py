"""Accounts: connecting, refusals, disconnecting, removal of the workspace."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime

import pytest

from slackbot.domain.errors import (
    BadCredential,
    BadEventLink,
    EventNotFound,
    MagicLinkUsed,
    MessageDelayed,
    NotLinked,
    ServerFailed,
    TimedOut,
    TokenRefused,
    Unavailable,
    Unreachable,
)
from slackbot.domain.model import AuthScheme, Link, Person, SessionId, State
from slackbot.domain.notices import LinkRefused, MatchFound, Notice
from slackbot.domain.ports import Posted
from slackbot.domain.stores import StoreUnavailable
from slackbot.services.sessions import View
from slackbot.storage.encryption import Cipher
from slackbot.storage.store import SqlStore
from tests.harness.fakes import (
    ANA,
    BEN,
    EXPO,
    NOON,
    availability,
    link,
    match,
    report,
    session,
    until,
)
from tests.harness.services import Harness

TOKEN = "a-token-of-ana"
KEY = "a1b2c3d4e5f6a7b8"
MAGIC = f"https://www.accelevents.com/e/expo/portal?userKey={KEY}"


# --- connecting ----------------------------------------------------------------------------------


async def test_a_token_is_checked_and_stored(harness: Harness):
    """One call checks the token and how to send it; then the person is linked."""
    harness.platform.scheme = AuthScheme.BEARER
    made = await harness.accounts.connect(ANA, "https://x.example/e/expo", TOKEN)
    assert harness.journal == [f"check expo {TOKEN}"]
    assert await harness.accounts.link(ANA) == made
    assert (made.event, made.auth_scheme, made.linked_at) == (EXPO, AuthScheme.BEARER, NOON)
    assert made.token.get_secret_value() == TOKEN
    assert TOKEN not in made.credential_digest
    assert await harness.accounts.event_of(ANA) == EXPO
    assert await harness.accounts.event_of(BEN) is None


async def test_a_magic_link_is_exchanged_for_its_token(harness: Harness):
    """The key is exchanged for a token, which is checked and stored with its account."""
    made = await harness.accounts.connect(ANA, "expo", MAGIC)
    assert harness.journal == [f"redeem expo {KEY}", "check expo granted"]
    assert (made.token.get_secret_value(), made.account_id) == ("granted", 2)


async def test_an_event_with_a_capital_is_asked_for_in_both_ways(harness: Harness):
    """A phone writes the capital, or the event has it; a magic link is not spent on the other."""
    harness.platform.errors["redeem"] = [EventNotFound(status=404)]
    made = await harness.accounts.connect(ANA, "Expo", MAGIC)
    assert harness.journal == [f"redeem expo {KEY}", f"redeem Expo {KEY}", "check Expo granted"]
    assert made.event == "Expo"
    harness.journal.clear()
    harness.platform.errors["check"] = [EventNotFound(status=404) for _ in range(2)]
    with pytest.raises(EventNotFound):
        await harness.accounts.connect(BEN, "Expo", TOKEN)
    assert harness.journal == [f"check expo {TOKEN}", f"check Expo {TOKEN}"]
    harness.journal.clear()
    assert (await harness.accounts.connect(BEN, "Expo", TOKEN)).event == EXPO


@pytest.mark.parametrize(
    ("event", "credential", "error"),
    [("no event", TOKEN, BadEventLink), ("expo", "no token", BadCredential)],
)
async def test_bad_input_makes_no_call(
    harness: Harness, event: str, credential: str, error: type[Exception]
):
    """Unusable input is refused before any call to the platform."""
    with pytest.raises(error):
        await harness.accounts.connect(ANA, event, credential)
    assert harness.journal == []


@pytest.mark.parametrize("error", [TokenRefused(status=401), Unreachable()])
async def test_an_unconfirmed_token_is_not_stored(harness: Harness, error: Exception):
    """A refused or unanswered token changes nothing: the person can try it again."""
    harness.platform.errors["check"] = [error]
    with pytest.raises(type(error)):
        await harness.accounts.connect(ANA, "expo", TOKEN)
    with pytest.raises(NotLinked):
        await harness.accounts.link(ANA)
    assert await harness.accounts.connect(ANA, "expo", TOKEN)


async def test_the_token_of_a_used_magic_link_is_not_lost(harness: Harness):
    """A magic link works once, so its token is stored even if the check has no answer."""
    harness.platform.errors["check"] = [TimedOut()]
    made = await harness.accounts.connect(ANA, "expo", MAGIC)
    assert made.auth_scheme is AuthScheme.BARE
    assert await harness.accounts.link(ANA) == made


async def test_a_magic_link_whose_token_is_refused_links_nobody(harness: Harness):
    """A token that is refused after the exchange is not stored."""
    harness.platform.errors["check"] = [TokenRefused(status=401)]
    with pytest.raises(TokenRefused):
        await harness.accounts.connect(ANA, "expo", MAGIC)
    assert await harness.accounts.event_of(ANA) is None


async def test_a_second_submission_shares_the_first(harness: Harness):
    """A magic link submitted twice at once is exchanged once, for both."""
    harness.platform.gates["redeem"] = asyncio.Event()
    both = [asyncio.create_task(harness.accounts.connect(ANA, "expo", MAGIC)) for _ in range(2)]
    await until(lambda: harness.journal)
    harness.platform.gates["redeem"].set()
    first, second = await asyncio.gather(*both)
    assert first == second
    assert harness.asked("redeem") == [f"redeem expo {KEY}"]


async def test_closing_the_form_does_not_waste_a_magic_link(harness: Harness):
    """Closing the form during the exchange still links the person."""
    harness.platform.gates["redeem"] = asyncio.Event()
    form = asyncio.create_task(harness.accounts.connect(ANA, "expo", MAGIC))
    await until(lambda: harness.journal)
    form.cancel()
    with pytest.raises(asyncio.CancelledError):
        await form
    harness.platform.gates["redeem"].set()
    await harness.quiet()
    assert await harness.accounts.event_of(ANA) == EXPO


async def test_submitting_again_later_returns_the_link(harness: Harness):
    """A repeated submission checks the token, spends nothing and returns the same link."""
    made = await harness.accounts.connect(ANA, "expo", MAGIC)
    for errors in ([], [TimedOut()]):
        harness.platform.errors["check"], harness.journal[:] = errors, []
        assert await harness.accounts.connect(ANA, " expo ", f" {MAGIC} ") == made
        assert harness.journal == ["check expo granted"]


async def test_a_login_that_is_refused_by_now_is_not_called_connected(harness: Harness):
    """The same token or magic link is pasted again, and the platform does not accept it now."""
    for person, credential, error in ((ANA, TOKEN, TokenRefused), (BEN, MAGIC, MagicLinkUsed)):
        harness.platform.errors.clear()
        await harness.accounts.connect(person, "expo", credential)
        harness.platform.errors["check"] = [TokenRefused(status=401) for _ in range(2)]
        harness.platform.errors["redeem"] = [MagicLinkUsed()]
        with pytest.raises(error):
            await harness.accounts.connect(person, "expo", credential)
        with pytest.raises(TokenRefused):
            await harness.accounts.link(person)
    harness.platform.errors.clear()
    assert (await harness.accounts.connect(ANA, "expo", TOKEN)).refused_at is None


async def test_an_unanswered_check_of_the_same_token(harness: Harness):
    """Nobody is called connected by a platform that did not answer, and nothing is lost."""
    made = await harness.accounts.connect(ANA, "expo", TOKEN)
    harness.platform.errors["check"] = [Unreachable()]
    with pytest.raises(Unreachable):
        await harness.accounts.connect(ANA, "expo", TOKEN)
    assert await harness.accounts.link(ANA) == made


async def test_a_link_of_an_earlier_version_is_recognised(harness: Harness):
    """Its digest is of the text as it was pasted, and its magic link is used up."""
    made = await harness.accounts.connect(ANA, "expo", MAGIC)
    earlier = replace(made, credential_digest=harness.accounts.digest(f"expo\x1f{MAGIC}"))
    await harness.store.links.save(earlier)
    harness.journal.clear()
    assert await harness.accounts.connect(ANA, "expo", f" {MAGIC} ") == earlier
    assert harness.journal == ["check expo granted"]


async def test_submitting_again_after_a_failure_tries_again(harness: Harness):
    """A submission after a failed one is a new try."""
    harness.platform.errors["redeem"] = [ServerFailed(), MagicLinkUsed()]
    for error in (ServerFailed, MagicLinkUsed):
        with pytest.raises(error):
            await harness.accounts.connect(ANA, "expo", MAGIC)


async def test_a_refused_credential_can_be_pasted_again(harness: Harness):
    """After a refusal the same token is checked again."""
    kept = await harness.accounts.connect(ANA, "expo", TOKEN)
    await harness.store.links.mark_refused(kept, NOON)
    made = await harness.accounts.connect(ANA, "expo", TOKEN)
    assert made.refused_at is None
    assert harness.asked("check") == [f"check expo {TOKEN}"] * 2


async def test_a_refusal_that_another_process_has_recorded(harness: Harness):
    """What this process has read of the link just before is not believed: the token is checked."""
    kept = await harness.accounts.connect(ANA, "expo", TOKEN)
    await harness.accounts.link(ANA)
    worker = SqlStore(harness.store.database, Cipher([bytes(range(32))]))
    assert await worker.links.mark_refused(kept, NOON)
    with pytest.raises(TokenRefused):
        await harness.accounts.link(ANA, fresh=True)
    harness.journal.clear()
    assert (await harness.accounts.connect(ANA, "expo", TOKEN)).refused_at is None
    assert harness.journal[:1] == [f"check expo {TOKEN}"]


async def test_another_event_ends_the_availability(harness: Harness):
    """Connecting to another event leaves the session with the old token and closes its feed."""
    await harness.available()
    await harness.accounts.connect(ANA, "summit", TOKEN)
    await harness.quiet()
    assert harness.asked("close", "status") == ["status 7 LEFT", "close"]
    assert harness.platform.links[-1] == link()
    assert await harness.store.availabilities.get(ANA) is None
    await harness.pass_time(10)
    assert harness.feed.health(ANA) is None


async def test_a_new_token_continues_the_availability(harness: Harness):
    """Another token of the same event and account keeps the availability and reopens the feed."""
    await harness.available()
    await harness.accounts.connect(ANA, "expo", TOKEN)
    await harness.pass_time(10)
    assert harness.feed.links[ANA].token.get_secret_value() == TOKEN
    assert harness.asked("close", "open", "status") == [
        "close",
        "open 7",
        "status 7 CHECK_IN_AVAILABLE",
    ]


# --- using a link --------------------------------------------------------------------------------


async def test_a_call_needs_a_link(harness: Harness):
    """A missing link and a refused token are two errors, and neither makes a call."""
    with pytest.raises(NotLinked):
        await harness.accounts.link(ANA)
    await harness.store.links.save(link(refused_at=NOON))
    with pytest.raises(TokenRefused):
        await harness.accounts.link(ANA)
    assert await harness.accounts.event_of(ANA) == EXPO
    assert harness.journal == []


async def test_a_refusal_is_raised_to_the_caller(harness: Harness):
    """The refusal is noted and the feed stopped; no notice is sent besides the answer."""
    await harness.available()
    with pytest.raises(TokenRefused):
        async with harness.accounts.authorized_link(ANA):
            raise TokenRefused(status=401)
    await harness.quiet()
    assert harness.feed.health(ANA) is None
    assert harness.sent() == []
    kept = await harness.store.links.get(ANA)
    assert kept == link(refused_at=harness.clock.now())


@pytest.mark.parametrize("is_available", [False, True])
async def test_a_refusal_that_drawing_home_has_met(harness: Harness, is_available: bool):
    """Somebody available reads of it by message, although the poll does not meet it any more."""
    await (harness.available() if is_available else harness.linked())
    harness.platform.errors["registered"] = [TokenRefused(status=401)]
    with pytest.raises(TokenRefused):
        await harness.sessions.listing(ANA, View.MINE, unasked=True)
    await harness.quiet()
    assert harness.sent() == ([LinkRefused(EXPO, "Coffee")] if is_available else [])


async def test_a_refusal_in_the_background_is_sent_once(harness: Harness):
    """Ten refused background calls send one notice, and the link is kept."""
    current = await harness.linked()

    async def refused() -> None:
        async with harness.accounts.background_link(current):
            raise TokenRefused(status=401)

    await asyncio.gather(*(refused() for _ in range(10)), return_exceptions=True)
    await harness.quiet()
    assert harness.sent() == [LinkRefused(EXPO)]
    assert await harness.accounts.event_of(ANA) == EXPO


@pytest.mark.parametrize("fails", [False, True])
async def test_a_refusal_is_recorded_before_anybody_reads_of_it(harness: Harness, fails: bool):
    """The message's button finds it, also if the process has ended right after the message."""
    current, order = await harness.linked(), list[str]()
    mark, send = harness.store.links.mark_refused, harness.messenger.send

    async def marking(link: Link, at: datetime) -> bool:
        await harness.clock.sleep(1)
        if fails and asyncio.current_task() is calling:
            raise StoreUnavailable
        order.append("refused")
        return await mark(link, at)

    async def sending(person: Person, notice: Notice, key: str | None = None) -> Posted:
        order.append("sent")
        return await send(person, notice, key)

    async def refused() -> None:
        async with harness.accounts.background_link(current):
            raise TokenRefused(status=401)

    harness.store.links.mark_refused, harness.messenger.send = marking, sending
    calling = asyncio.create_task(refused())
    await harness.pass_time(5)
    await asyncio.gather(calling, return_exceptions=True)
    assert (order[0], order.count("sent")) == ("refused", 1)
    with pytest.raises(TokenRefused):
        await harness.accounts.link(ANA, fresh=True)


async def test_a_login_that_was_renewed_is_not_called_run_out(harness: Harness):
    """The notice waited, for example for Slack, and the person has connected again meanwhile."""
    current = await harness.linked()
    harness.messenger.errors = [MessageDelayed("ratelimited", 30)]
    with pytest.raises(TokenRefused):
        async with harness.accounts.background_link(current):
            raise TokenRefused(status=401)
    await harness.quiet()
    await harness.accounts.connect(ANA, "expo", TOKEN)
    await harness.pass_time(60)
    assert harness.sent() == []
    assert (await harness.accounts.link(ANA)).refused_at is None


async def test_an_old_token_cannot_refuse_a_new_link(harness: Harness):
    """A late refusal of a replaced or deleted token changes nothing."""
    old = await harness.linked()
    await harness.store.links.save(link(credential_digest="e" * 64))
    with pytest.raises(TokenRefused):
        async with harness.accounts.background_link(old):
            raise TokenRefused(status=401)
    assert (await harness.accounts.link(ANA)).refused_at is None
    await harness.store.people.forget(ANA)
    with pytest.raises(TokenRefused):
        async with harness.accounts.background_link(old):
            raise TokenRefused(status=401)
    await harness.quiet()
    assert harness.sent() == []


async def test_other_errors_leave_the_link_alone(harness: Harness):
    """An unavailable platform does not make a token refused."""
    current = await harness.linked()
    for calling in (
        harness.accounts.authorized_link(ANA),
        harness.accounts.background_link(current),
    ):
        with pytest.raises(Unavailable):
            async with calling:
                raise Unreachable
    assert (await harness.accounts.link(ANA)).refused_at is None


# --- disconnecting -------------------------------------------------------------------------------


async def test_disconnecting_deletes_everything(harness: Harness):
    """Link, availability and matches are deleted, the feed stops, and the session is left."""
    await harness.available()
    harness.feed.send(ANA, report(meeting_digest="m"))
    await harness.quiet()
    await harness.store.availabilities.save(availability())
    harness.journal.clear()
    assert await harness.accounts.disconnect(ANA)
    await harness.quiet()
    assert await harness.store.links.get(ANA) is None
    assert await harness.store.availabilities.get(ANA) is None
    assert await harness.store.matches.list_for(ANA, EXPO) == []
    assert harness.journal == ["close", "status 7 LEFT"]
    await harness.pass_time(60, step=10)
    assert harness.journal == ["close", "status 7 LEFT"]


async def test_disconnecting_twice_is_harmless(harness: Harness):
    """Without a link there is nothing to delete and no call to make."""
    await harness.linked()
    assert await harness.accounts.disconnect(ANA)
    assert not await harness.accounts.disconnect(ANA)
    assert harness.journal == []


async def test_disconnecting_does_not_need_the_platform(harness: Harness):
    """The data is deleted at once, even if the platform does not answer."""
    await harness.available()
    harness.platform.errors["status"] = [TimedOut()]
    assert await harness.accounts.disconnect(ANA)
    await harness.quiet()
    assert await harness.store.links.get(ANA) is None


async def test_leaving_does_not_break_a_meeting(harness: Harness):
    """During a round no status is set, as that might end the call."""
    await harness.linked()
    await harness.store.matches.add(match())
    assert await harness.leaving.leave(link(), availability(state=State.IN_MEETING))
    assert harness.journal == []
    assert await harness.leaving.leave(link(), availability(session_id=SessionId(8)))
    assert harness.journal == ["status 8 LEFT"]
    harness.platform.errors["status"] = [TimedOut()]
    assert not await harness.leaving.leave(link(), availability())


async def test_a_workspace_is_deleted_whole(harness: Harness):
    """All feeds stop, all data is deleted, and nothing is sent later."""
    for person in (ANA, BEN):
        await harness.available(session(), person=person)
        await harness.store.matches.add(match(person=person))
    await harness.accounts.forget_workspace(ANA.team)
    await harness.pass_time(60, step=10)
    assert harness.asked("close") == ["close", "close"]
    assert await harness.store.availabilities.list_all(ANA.team) == []
    assert await harness.store.matches.list_pending(ANA.team) == []
    assert not [notice for notice in harness.sent() if isinstance(notice, MatchFound)]
    for person in (ANA, BEN):
        assert harness.feed.health(person) is None
        assert await harness.store.links.get(person) is None
