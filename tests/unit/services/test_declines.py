"""A round that somebody can't make: the partner is notified once, and the platform of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from slackbot.domain.errors import ServerFailed
from slackbot.domain.matching import round_of
from slackbot.domain.model import Match, Partner, Person, State, UserId
from slackbot.domain.notices import MatchBack, PartnerLeft
from slackbot.domain.preferences import NoticeKind
from slackbot.services.declines import NoRound, PartnerGone
from slackbot.services.rounds import tell_partner
from tests.harness.fakes import ANA, BEN, COFFEE, NOON, TEA, ZOE, link, report, session
from tests.harness.services import Harness

DIGEST = "d" * 64
ZED = Person(ANA.team, UserId("U0ZED"))


async def paired(harness: Harness, **evidence: Any) -> tuple[Match, Match]:
    """Pair Ana and Ben, who are both connected."""
    evidence = evidence or {"meeting_digest": DIGEST}
    matches = []
    for person, name, account in ((ANA, "Ben", 20), (BEN, "Ana", 10)):
        await harness.available(person=person)
        await harness.store.links.save(link(person, account_id=30 - account))
        await harness.availabilities.start(person, str(COFFEE))
        await harness.quiet()
        partner = Partner(name=name, account_id=account)
        harness.feed.send(person, report(partner, **evidence))
        await harness.quiet()
        [match] = await harness.store.matches.list_for(person, link().event)
        matches.append(match)
    harness.journal.clear()
    return matches[0], matches[1]


def notified(harness: Harness, person: Person = BEN) -> list[str]:
    """Return whether each notice about the partner says that they are back."""
    sent = harness.sent(person)
    return [str(type(x) is MatchBack) for x in sent if isinstance(x, PartnerLeft | MatchBack)]


@pytest.mark.parametrize("evidence", [{"meeting_digest": DIGEST}, {"meeting_digest": None}])
async def test_the_partner_is_notified_once(harness: Harness, evidence: Any) -> None:
    """By the Chime meeting or by the account ids; however often it is said."""
    await paired(harness, **evidence)
    for _ in range(3):
        declined = await harness.declines.decline(ANA)
        await harness.quiet()
        assert declined.is_notified
    assert notified(harness) == ["False"]
    assert f"status {COFFEE} LEFT" in harness.journal
    assert await harness.store.availabilities.get(ANA) is None
    assert await harness.store.availabilities.get(BEN) is not None


async def test_it_is_taken_back_and_said_again(harness: Harness) -> None:
    """Each change is notified once, and the person is in the round again."""
    await paired(harness)
    await harness.declines.decline(ANA)
    await harness.declines.take_back(ANA)
    await harness.quiet()
    current = await harness.store.availabilities.get(ANA)
    assert current is not None
    assert current.state is State.IN_MEETING
    await harness.declines.decline(ANA)
    await harness.quiet()
    assert notified(harness) == ["False", "True", "False"]


async def test_a_stranger_is_not_notified(harness: Harness) -> None:
    """Nobody here is the partner, so nobody is written to."""
    await harness.available()
    harness.feed.send(ANA, report(ZOE, meeting_digest=DIGEST))
    await harness.quiet()
    assert not (await harness.declines.decline(ANA)).is_notified


async def test_the_platform_is_asked_again_if_it_fails(harness: Harness) -> None:
    """The departure is stored, as for any other way to leave."""
    await paired(harness)
    harness.platform.errors["status"].append(ServerFailed(status=500))
    await harness.declines.decline(ANA)
    assert [left.session_id for left in await harness.store.departures.list_of(ANA)] == [COFFEE]


async def test_a_round_that_is_over_is_not_declined(harness: Harness) -> None:
    """Nor another one than the button was about, nor one that never was."""
    await paired(harness)
    with pytest.raises(NoRound):
        await harness.declines.decline(ANA, "0" * 16)
    harness.clock.advance(301)
    with pytest.raises(NoRound):
        await harness.declines.decline(ANA)
    with pytest.raises(NoRound):
        await harness.declines.take_back(BEN)
    assert notified(harness) == []


async def test_a_partner_who_left_first_is_not_notified(harness: Harness) -> None:
    """They do not wait."""
    await paired(harness)
    await harness.declines.decline(BEN)
    await harness.declines.decline(ANA)
    await harness.quiet()
    assert notified(harness, ANA) == ["False"]
    assert notified(harness, BEN) == []
    assert not (await harness.declines.decline(ANA)).is_notified


async def test_who_has_joined_another_session_leaves_it(harness: Harness) -> None:
    """The platform would go on pairing them there while they are back in the round."""
    await paired(harness)
    harness.platform.programme = [session(), session(id=TEA, title="Tea")]
    await harness.declines.decline(ANA)
    await harness.availabilities.start(ANA, str(TEA))
    await harness.quiet()
    harness.journal.clear()
    await harness.declines.take_back(ANA)
    await harness.quiet()
    assert harness.asked("status") == [f"status {TEA} LEFT"]
    current = await harness.store.availabilities.get(ANA)
    assert current is not None
    assert (current.session_id, current.state) == (COFFEE, State.IN_MEETING)


@pytest.mark.parametrize("how", ["went on", "paused", "declined", "at another event"])
async def test_nobody_comes_back_to_a_partner_who_is_gone(harness: Harness, how: str) -> None:
    """The person stays as they are, and the partner is not disturbed."""
    await paired(harness)
    await harness.declines.decline(ANA)
    await harness.quiet()
    harness.clock.advance(1)
    if how == "went on":
        await harness.availabilities.start(BEN, str(COFFEE))
        harness.feed.send(BEN, report(ZOE, meeting_digest="e" * 64))
    elif how == "paused":
        await harness.availabilities.pause(BEN)
    elif how == "declined":
        await harness.declines.decline(BEN)
    else:
        await harness.store.links.save(link(BEN, event="summit"))
    await harness.quiet()
    with pytest.raises(PartnerGone):
        await harness.declines.take_back(ANA)
    await harness.quiet()
    assert notified(harness) == ["False"]
    assert await harness.store.availabilities.get(ANA) is None


async def test_a_partner_who_goes_on_meanwhile_is_not_disturbed(harness: Harness) -> None:
    """The notice was on its way, and is of no use any more."""
    mine, theirs = await paired(harness)
    await harness.availabilities.start(BEN, str(COFFEE))
    await tell_partner(harness.delivery, mine, theirs, is_back=True)
    await harness.quiet()
    assert notified(harness) == []


async def test_who_is_available_in_the_same_session_leaves_it(harness: Harness) -> None:
    """The platform would pair them with somebody else while they are back in the round."""
    await paired(harness)
    await harness.declines.decline(ANA)
    await harness.availabilities.start(ANA, str(COFFEE))
    await harness.quiet()
    harness.journal.clear()
    await harness.declines.take_back(ANA)
    await harness.quiet()
    assert harness.asked("status") == [f"status {COFFEE} LEFT"]
    current = await harness.store.availabilities.get(ANA)
    assert current is not None
    assert current.state is State.IN_MEETING


async def test_a_pause_for_a_while_becomes_one_for_good(harness: Harness) -> None:
    """They hear that they are paused until they say that they are available."""
    await paired(harness)
    await harness.availabilities.pause(ANA, until=NOON + timedelta(minutes=10))
    await harness.declines.decline(ANA)
    assert await harness.store.snoozes.get(ANA) is None


async def test_nobody_is_said_to_be_notified_who_wants_no_such_notice(harness: Harness) -> None:
    """The partner has switched it off."""
    await paired(harness)
    await harness.preferences.change(BEN, muted=frozenset({NoticeKind.PARTNER_LEFT}))
    assert not (await harness.declines.decline(ANA)).is_notified
    await harness.quiet()
    assert notified(harness) == []


async def test_somebody_with_the_same_account_is_not_the_partner(harness: Harness) -> None:
    """They got a notice of the same round, later than the partner."""
    await paired(harness)
    await harness.available(person=ZED)
    await harness.store.links.save(link(ZED, account_id=10))
    await harness.availabilities.start(ZED, str(COFFEE))
    await harness.quiet()
    harness.clock.advance(1)
    harness.feed.send(ZED, report(Partner(name="Ben", account_id=20), meeting_digest=DIGEST))
    await harness.quiet()
    assert (await harness.declines.decline(ANA)).is_notified
    await harness.quiet()
    assert (notified(harness), notified(harness, ZED)) == (["False"], [])


async def test_in_a_meeting_of_three_the_named_one_is_notified(harness: Harness) -> None:
    """By the match with this person, and not by the one with the third."""
    _, theirs = await paired(harness)
    harness.clock.advance(1)
    harness.feed.send(BEN, report(ZOE, meeting_digest=DIGEST))
    await harness.quiet()
    await harness.declines.decline(ANA)
    await harness.quiet()
    [notice] = [each for each in harness.sent(BEN) if isinstance(each, PartnerLeft)]
    assert (notice.name, notice.round) == ("Ana", round_of(theirs.id))


async def test_a_partner_who_is_at_another_event_is_not_notified(harness: Harness) -> None:
    """Also if they may come back to this one."""
    await paired(harness)
    await harness.store.links.save(link(BEN, event="summit"))
    assert not (await harness.declines.decline(ANA)).is_notified
    await harness.quiet()
    assert notified(harness) == []
