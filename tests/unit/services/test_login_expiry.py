"""People are warned before their login runs out, if they need it, and once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from slackbot.domain.errors import ServerFailed, TokenRefused
from slackbot.domain.model import Link
from slackbot.domain.notices import LinkRefused, LoginExpiring
from slackbot.services.login_expiry import TICK_SECONDS, LoginExpiry
from tests.harness.fakes import ANA, BEN, EXPO, NOON, TEA, availability, connect, link, session
from tests.harness.services import Harness

TEN, HOUR = timedelta(minutes=10), timedelta(hours=1)


def expiring(at: datetime = NOON + TEN, **changes: object) -> Link:
    return link(expires_at=at, **changes)


def warning(title: str, at: datetime = NOON + TEN, *, available: bool = True) -> LoginExpiring:
    return LoginExpiring(EXPO, title, at.isoformat(), str(available))


@pytest.fixture
def expiry(harness: Harness) -> LoginExpiry:
    return LoginExpiry(
        store=harness.store,
        platform=harness.platform,
        delivery=harness.delivery,
        clock=harness.clock,
    )


async def ticks(harness: Harness, expiry: LoginExpiry, count: int = 3) -> None:
    for _ in range(count):
        await expiry.tick(ANA.team)
        await harness.quiet()
        harness.clock.advance(TICK_SECONDS)


@pytest.mark.parametrize("ends_in", [None, 2 * HOUR])
async def test_somebody_available_is_warned_once(
    harness: Harness, expiry: LoginExpiry, ends_in: timedelta | None
):
    """The login runs out before the session ends, or nobody knows when that is."""
    await connect(harness.store, expiring())
    ends_at = None if ends_in is None else NOON + ends_in
    await harness.store.availabilities.save(availability(session_ends_at=ends_at))
    await ticks(harness, expiry)
    assert harness.sent() == [warning("Coffee")]
    assert harness.asked("registered") == []
    again = LoginExpiry(
        store=harness.store,
        platform=harness.platform,
        delivery=harness.delivery,
        clock=harness.clock,
    )
    await ticks(harness, again)
    assert len(harness.sent()) == 1  # another process, or this one after a restart


async def test_somebody_who_joined_a_later_session_is_warned(harness: Harness, expiry: LoginExpiry):
    """The next session that they have joined and that is still to come is named."""
    await connect(harness.store, expiring())
    over = session(8, "Over", starts_at=NOON - HOUR, ends_at=NOON)
    later = session(9, "Later", starts_at=NOON + 2 * HOUR, ends_at=NOON + 3 * HOUR)
    soon = session(TEA, "Soon", starts_at=NOON + HOUR, ends_at=NOON + 2 * HOUR)
    harness.platform.registered = [over, later, soon]
    await ticks(harness, expiry)
    assert harness.sent() == [warning("Soon", available=False)]
    assert harness.asked("registered") == ["registered"]


@pytest.mark.parametrize(
    "made",
    [
        link(),
        expiring(NOON + timedelta(minutes=20)),
        expiring(NOON - timedelta(minutes=1)),
        expiring(refused_at=NOON),
    ],
    ids=["unknown", "later", "over", "refused"],
)
async def test_no_warning_is_due(harness: Harness, expiry: LoginExpiry, made: Link):
    """Neither without an expiry, nor long before it, nor when it is too late."""
    await connect(harness.store, made)
    await harness.store.availabilities.save(availability())
    await ticks(harness, expiry)
    assert harness.sent() == []


async def test_people_who_need_no_login_are_left_alone(harness: Harness, expiry: LoginExpiry):
    """Their session ends before, and they have joined nothing else; the platform is asked once."""
    await connect(harness.store, expiring())
    soon = NOON + timedelta(minutes=5)
    await harness.store.availabilities.save(availability(session_ends_at=soon))
    await ticks(harness, expiry)
    assert harness.sent() == []
    assert harness.asked("registered") == ["registered"]


async def test_a_platform_that_fails_is_asked_again(harness: Harness, expiry: LoginExpiry):
    """An outage delays the warning; a refused token ends the search without a message."""
    await connect(harness.store, expiring())
    harness.platform.registered = [session(TEA, "Tea", ends_at=NOON + HOUR)]
    harness.platform.errors["registered"] = [ServerFailed(), ServerFailed()]
    await ticks(harness, expiry, 2)
    assert harness.sent() == []
    await ticks(harness, expiry, 1)
    assert harness.sent() == [warning("Tea", available=False)]
    await connect(harness.store, expiring(credential_digest="e" * 64))
    harness.platform.errors["registered"] = [TokenRefused()]
    await ticks(harness, expiry)
    assert len(harness.sent()) == 1
    assert len(harness.asked("registered")) == 4


async def test_connecting_again_cancels_the_warning(harness: Harness, expiry: LoginExpiry):
    """A warning that Slack delays is dropped once the login is renewed."""
    await connect(harness.store, expiring())
    await harness.store.availabilities.save(availability())
    remark = warning("Coffee")
    await connect(harness.store, expiring(NOON + 5 * HOUR, credential_digest="e" * 64))
    await harness.delivery.remark(ANA, "key", remark)
    await harness.quiet()
    assert harness.sent() == []
    await ticks(harness, expiry)
    assert harness.sent() == []


async def test_a_renewed_login_is_warned_of_again(harness: Harness, expiry: LoginExpiry):
    """Each login has its own warning."""
    await connect(harness.store, expiring())
    await harness.store.availabilities.save(availability())
    await ticks(harness, expiry, 1)
    other = NOON + timedelta(minutes=12)
    await connect(harness.store, expiring(other, credential_digest="e" * 64))
    await ticks(harness, expiry)
    assert harness.sent() == [warning("Coffee"), warning("Coffee", other)]


async def test_a_refused_login_names_what_goes_on_afterwards(harness: Harness):
    """The message names the event and the session in which they were available."""
    await harness.available()
    harness.platform.errors["matches"] = [TokenRefused()]
    await harness.pass_time(120)
    assert harness.sent() == [LinkRefused(EXPO, "Coffee")]


async def test_two_people_with_one_account_are_both_warned(harness: Harness, expiry: LoginExpiry):
    """Each of them reads it, also if the second connects later."""
    for person in (ANA, BEN):
        await connect(harness.store, link(person, expires_at=NOON + TEN))
        await harness.store.availabilities.save(availability(person))
        await ticks(harness, expiry, 1)
    assert [len(harness.sent(person)) for person in (ANA, BEN)] == [1, 1]
