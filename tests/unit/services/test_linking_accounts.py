"""Accounts: connecting, being refused, disconnecting, leaving with the workspace."""

from __future__ import annotations

import asyncio

import pytest

from slackbot.domain.errors import (
    BadCredential,
    BadEventLink,
    MagicLinkUsed,
    NotLinked,
    ServerFailed,
    TimedOut,
    TokenRefused,
    Unavailable,
    Unreachable,
)
from slackbot.domain.model import AuthScheme, SessionId, State
from slackbot.domain.notices import LinkRefused, MatchFound
from tests.fakes import ANA, BEN, EXPO, NOON, link, match, session, sighting, until, wish
from tests.workbench import Bench

TOKEN = "a-token-of-ana"
KEY = "a1b2c3d4e5f6a7b8"
MAGIC = f"https://www.accelevents.com/e/expo/portal?userKey={KEY}"


# --- connecting ----------------------------------------------------------------------------------


async def test_a_token_is_checked_and_kept(bench: Bench):
    """One call tells whether the token is good and how it is sent; then the person is linked."""
    bench.platform.scheme = AuthScheme.BEARER
    made = await bench.accounts.connect(ANA, "https://x.example/e/expo", TOKEN)
    assert bench.journal == [f"check expo {TOKEN}"]
    assert await bench.accounts.link(ANA) == made
    assert (made.event, made.auth_scheme, made.linked_at) == (EXPO, AuthScheme.BEARER, NOON)
    assert made.token.get_secret_value() == TOKEN
    assert TOKEN not in made.credential_digest
    assert await bench.accounts.event_of(ANA) == EXPO
    assert await bench.accounts.event_of(BEN) is None


async def test_a_magic_link_is_exchanged_for_its_token(bench: Bench):
    """The key is used up for a token, which is checked and kept with its account."""
    made = await bench.accounts.connect(ANA, "expo", MAGIC)
    assert bench.journal == [f"redeem expo {KEY}", "check expo granted"]
    assert (made.token.get_secret_value(), made.account_id) == ("granted", 2)


@pytest.mark.parametrize(
    ("event", "credential", "error"),
    [("no event", TOKEN, BadEventLink), ("expo", "no token", BadCredential)],
)
async def test_wrong_input_never_leaves_the_house(
    bench: Bench, event: str, credential: str, error: type[Exception]
):
    """What cannot be used is refused before anything is asked of the platform."""
    with pytest.raises(error):
        await bench.accounts.connect(ANA, event, credential)
    assert bench.journal == []


@pytest.mark.parametrize("error", [TokenRefused(status=401), Unreachable()])
async def test_a_token_that_was_not_confirmed_is_not_kept(bench: Bench, error: Exception):
    """Refused or unanswered, nothing changes: the person still has the token to try again."""
    bench.platform.errors["check"] = [error]
    with pytest.raises(type(error)):
        await bench.accounts.connect(ANA, "expo", TOKEN)
    with pytest.raises(NotLinked):
        await bench.accounts.link(ANA)
    assert await bench.accounts.connect(ANA, "expo", TOKEN)


async def test_the_token_of_a_used_magic_link_is_not_lost(bench: Bench):
    """The link is used up once exchanged, so a check without answer keeps its token."""
    bench.platform.errors["check"] = [TimedOut()]
    made = await bench.accounts.connect(ANA, "expo", MAGIC)
    assert made.auth_scheme is AuthScheme.BARE
    assert await bench.accounts.link(ANA) == made


async def test_a_magic_link_whose_token_is_refused_links_nobody(bench: Bench):
    """A refusal after the exchange is an answer: there is nothing worth keeping."""
    bench.platform.errors["check"] = [TokenRefused(status=401)]
    with pytest.raises(TokenRefused):
        await bench.accounts.connect(ANA, "expo", MAGIC)
    assert await bench.accounts.event_of(ANA) is None


async def test_a_second_submit_shares_the_first(bench: Bench):
    """A magic link submitted again while it is being used is exchanged once, for both."""
    bench.platform.gates["redeem"] = asyncio.Event()
    both = [asyncio.create_task(bench.accounts.connect(ANA, "expo", MAGIC)) for _ in range(2)]
    await until(lambda: bench.journal)
    bench.platform.gates["redeem"].set()
    first, second = await asyncio.gather(*both)
    assert first == second
    assert bench.asked("redeem") == [f"redeem expo {KEY}"]


async def test_giving_up_does_not_waste_a_magic_link(bench: Bench):
    """A form that is closed while its link is being used still links the person."""
    bench.platform.gates["redeem"] = asyncio.Event()
    form = asyncio.create_task(bench.accounts.connect(ANA, "expo", MAGIC))
    await until(lambda: bench.journal)
    form.cancel()
    with pytest.raises(asyncio.CancelledError):
        await form
    bench.platform.gates["redeem"].set()
    await bench.quiet()
    assert await bench.accounts.event_of(ANA) == EXPO


async def test_submitting_again_later_finds_the_result(bench: Bench):
    """The same submission after it succeeded asks nothing and gives the same link."""
    made = await bench.accounts.connect(ANA, "expo", MAGIC)
    bench.journal.clear()
    assert await bench.accounts.connect(ANA, " expo ", f" {MAGIC} ") == made
    assert bench.journal == []


async def test_submitting_again_after_a_failure_tries_again(bench: Bench):
    """A failed submission is forgotten, so the next one is a new try with its own answer."""
    bench.platform.errors["redeem"] = [ServerFailed(), MagicLinkUsed()]
    for error in (ServerFailed, MagicLinkUsed):
        with pytest.raises(error):
            await bench.accounts.connect(ANA, "expo", MAGIC)


async def test_a_refused_credential_can_be_pasted_again(bench: Bench):
    """After a refusal the same token is tried anew, since it may be good again."""
    await bench.accounts.connect(ANA, "expo", TOKEN)
    await bench.store.mark_refused(ANA, NOON)
    made = await bench.accounts.connect(ANA, "expo", TOKEN)
    assert made.refused_at is None
    assert bench.asked("check") == [f"check expo {TOKEN}"] * 2


async def test_another_event_ends_the_wish_for_the_old_one(bench: Bench):
    """Connecting elsewhere leaves the session with the old token, and its feed is closed."""
    await bench.available()
    await bench.accounts.connect(ANA, "summit", TOKEN)
    await bench.quiet()
    assert bench.asked("close", "status") == ["close", "status 7 LEFT"]
    assert bench.platform.links[-1] == link()
    assert await bench.store.availability(ANA) is None
    await bench.pass_time(10)
    assert bench.feed.health(ANA) is None


async def test_a_new_token_takes_over_the_wish(bench: Bench):
    """The same event and account with another token: the wish stands, the feed is opened anew."""
    await bench.available()
    await bench.accounts.connect(ANA, "expo", TOKEN)
    await bench.pass_time(10)
    assert bench.feed.links[ANA].token.get_secret_value() == TOKEN
    assert bench.asked("close", "open", "status") == [
        "close",
        "open 7",
        "status 7 CHECK_IN_AVAILABLE",
    ]


# --- speaking for somebody -----------------------------------------------------------------------


async def test_only_the_linked_are_spoken_for(bench: Bench):
    """No account and a refused token are two errors, and no call is made for either."""
    with pytest.raises(NotLinked):
        await bench.accounts.link(ANA)
    await bench.store.save_link(link(refused_at=NOON))
    with pytest.raises(TokenRefused):
        await bench.accounts.link(ANA)
    assert await bench.accounts.event_of(ANA) == EXPO
    assert bench.journal == []


async def test_a_refusal_while_somebody_waits_is_their_answer(bench: Bench):
    """The token is noted as refused and the feed stopped; no message besides the answer."""
    await bench.available()
    with pytest.raises(TokenRefused):
        async with bench.accounts.speaking_for(ANA):
            raise TokenRefused(status=401)
    await bench.quiet()
    assert bench.feed.health(ANA) is None
    assert bench.told() == []
    kept = await bench.store.link(ANA)
    assert kept == link(refused_at=bench.clock.now())


async def test_a_refusal_that_nobody_waits_for_is_told_once(bench: Bench):
    """Ten background calls that are refused at once: one message, and the link is kept."""
    current = await bench.linked()

    async def refused() -> None:
        async with bench.accounts.speaking_unasked(current):
            raise TokenRefused(status=401)

    await asyncio.gather(*(refused() for _ in range(10)), return_exceptions=True)
    await bench.quiet()
    assert bench.told() == [LinkRefused()]
    assert await bench.accounts.event_of(ANA) == EXPO


async def test_an_old_token_cannot_refuse_a_new_link(bench: Bench):
    """A late refusal of a token that was replaced or deleted meanwhile changes nothing."""
    old = await bench.linked()
    await bench.store.save_link(link(credential_digest="e" * 64))
    with pytest.raises(TokenRefused):
        async with bench.accounts.speaking_unasked(old):
            raise TokenRefused(status=401)
    assert (await bench.accounts.link(ANA)).refused_at is None
    await bench.store.forget(ANA)
    with pytest.raises(TokenRefused):
        async with bench.accounts.speaking_unasked(old):
            raise TokenRefused(status=401)
    await bench.quiet()
    assert bench.told() == []


async def test_other_errors_leave_the_link_alone(bench: Bench):
    """A platform that does not answer says nothing about the token."""
    current = await bench.linked()
    for speaking in (bench.accounts.speaking_for(ANA), bench.accounts.speaking_unasked(current)):
        with pytest.raises(Unavailable):
            async with speaking:
                raise Unreachable
    assert (await bench.accounts.link(ANA)).refused_at is None


# --- disconnecting -------------------------------------------------------------------------------


async def test_disconnecting_forgets_everything(bench: Bench):
    """Link, wish and matches go, the feed stops, and the platform hears that the person left."""
    await bench.available()
    bench.feed.tell(ANA, sighting(meeting_digest="m"))
    await bench.quiet()
    await bench.store.save_availability(wish())
    bench.journal.clear()
    assert await bench.accounts.disconnect(ANA)
    await bench.quiet()
    assert await bench.store.link(ANA) is None
    assert await bench.store.availability(ANA) is None
    assert await bench.store.matches(ANA, EXPO) == []
    assert bench.journal == ["close", "status 7 LEFT"]
    await bench.pass_time(60, step=10)
    assert bench.journal == ["close", "status 7 LEFT"]


async def test_disconnecting_twice_does_no_harm(bench: Bench):
    """Without a link there is nothing to forget, and nobody is asked."""
    await bench.linked()
    assert await bench.accounts.disconnect(ANA)
    assert not await bench.accounts.disconnect(ANA)
    assert bench.journal == []


async def test_disconnecting_does_not_need_the_platform(bench: Bench):
    """What is kept is deleted at once, whether or not the platform can be told."""
    await bench.available()
    bench.platform.errors["status"] = [TimedOut()]
    assert await bench.accounts.disconnect(ANA)
    await bench.quiet()
    assert await bench.store.link(ANA) is None


async def test_leaving_waits_for_no_meeting_to_break(bench: Bench):
    """During a meeting nobody is looked for, and leaving might end the call: nothing is said."""
    await bench.linked()
    assert await bench.accounts.leave(link(), wish(state=State.IN_MEETING))
    assert bench.journal == []
    assert await bench.accounts.leave(link(), wish(session_id=SessionId(8)))
    assert bench.journal == ["status 8 LEFT"]
    bench.platform.errors["status"] = [TimedOut()]
    assert not await bench.accounts.leave(link(), wish())


async def test_a_workspace_leaves_whole(bench: Bench):
    """Everybody's feed stops and nothing of the workspace is kept, or told later."""
    for person in (ANA, BEN):
        await bench.available(session(), person=person)
        await bench.store.add_match(match(person=person))
    await bench.accounts.forget_workspace(ANA.team)
    await bench.pass_time(60, step=10)
    assert bench.asked("close") == ["close", "close"]
    assert await bench.store.availabilities(ANA.team) == []
    assert await bench.store.unsettled(ANA.team) == []
    assert not [notice for notice in bench.told() if isinstance(notice, MatchFound)]
    for person in (ANA, BEN):
        assert bench.feed.health(person) is None
        assert await bench.store.link(person) is None
