"""Lists that could not be read: read as soon as the platform answers again."""

from __future__ import annotations

from slackbot.domain.errors import TokenRefused, Unreachable
from slackbot.domain.model import Person, UserId
from slackbot.domain.notices import MatchFound
from slackbot.services.unread_lists import BACKOFF
from tests.harness.fakes import ANA, BEN, availability, connect, link, row
from tests.harness.services import Harness


def found(harness: Harness, person: Person = ANA) -> list[str]:
    notices = [notice for notice in harness.sent(person) if isinstance(notice, MatchFound)]
    return [notice.match.partner.name for notice in notices]


async def test_a_list_that_fails_at_the_reconnect_is_read_within_seconds(harness: Harness):
    """The next poll of a connected feed is a minute away: a missed match does not wait for it."""
    await harness.available()
    harness.feed.down(ANA)
    await harness.quiet()
    harness.platform.listed = [row()]
    harness.platform.errors["matches"] = [Unreachable(), Unreachable()]
    harness.feed.up(ANA)
    await harness.pass_time(5, step=1)
    assert found(harness) == ["Zoë"]


async def test_one_list_is_tried_for_all(harness: Harness):
    """While the platform is away, an event costs one try in five seconds for all who wait."""
    people = [Person(ANA.team, UserId(f"U{number}")) for number in range(50)]
    await harness.linked()
    for person in people:
        await connect(harness.store, link(person))
        await harness.store.availabilities.save(availability(person))
        harness.poller.unread.add(link(person))
    harness.platform.errors["matches"] = [Unreachable()] * 12
    harness.journal.clear()
    await harness.pass_time(BACKOFF.cap * 12, step=1)
    assert len(harness.asked("matches")) < 15 + len(people)
    assert len(harness.asked("matches")) >= 12 + len(people)


async def test_the_list_of_somebody_who_left_is_no_longer_due(harness: Harness):
    """Neither a person without a link nor a refused token keeps the others waiting."""
    await harness.available()
    await harness.store.links.save(link(BEN))
    await harness.store.availabilities.save(availability(BEN))
    harness.platform.errors["matches"] = [TokenRefused(status=401)]
    harness.poller.unread.add(link(BEN))
    harness.poller.unread.add(link(Person(ANA.team, UserId("U9"))))
    harness.poller.unread.add(link())
    await harness.pass_time(2, step=1)
    assert harness.asked("matches") == ["matches 7", "matches 7"]
    await harness.pass_time(30, step=1)
    assert harness.asked("matches") == ["matches 7", "matches 7"]


async def test_a_last_match_is_not_lost_with_an_unread_list(harness: Harness):
    """A pause ends only once the list could be read."""
    await harness.available()
    harness.feed.down(ANA)
    harness.platform.listed = [row()]
    harness.platform.errors["matches"] = [Unreachable()]
    assert (await harness.availabilities.pause(ANA)).confirmed
    await harness.pass_time(30, step=1)
    assert found(harness) == ["Zoë"]
    await harness.pass_time(60, step=5)
    assert await harness.store.availabilities.get(ANA) is None
