"""The health of shared feeds: of those that a process holds, else as their holders report."""

from __future__ import annotations

from test_worker import Join, Role, becomes, join, linked, owners, wanted

from slackbot.services.health import mostly_disconnected

__all__ = ["join"]


async def test_who_holds_no_feeds_sees_those_of_the_others(join: Join):
    """`web` sees them up while their holder is alive, and all of them down when it is dead."""
    web, worker = join("w", Role.WEB), join("a")
    people = await linked(web, 3)
    for process in (web, worker):
        await process.start()
    await wanted(web, people)
    await becomes(lambda: [health.connected for health in web.feed.healths()] == [True] * 3, 10)
    assert [health.connected for health in worker.feed.healths()] == [True] * 3
    assert not mostly_disconnected(web.feed.healths())
    await worker.suspend()
    await becomes(lambda: mostly_disconnected(web.feed.healths()), 15)


async def test_who_holds_some_sees_its_own(join: Join):
    """A worker whose own feeds are down does not count those of another."""
    one, other = join("a"), join("b")
    people = await linked(one, 6)
    for process in (one, other):
        await process.start()
    await wanted(one, people)
    await becomes(
        lambda: len(other.connected()) >= 2 and owners(one, other).keys() == {*people}, 10
    )
    for person in one.connected():
        one.local.down(person)
    assert mostly_disconnected(one.feed.healths())
    assert not mostly_disconnected(other.feed.healths())
