"""The services, joined to each other and to the parts that reach out."""

from __future__ import annotations

from dataclasses import dataclass

from slackbot.aio.tasks import BackgroundTasks
from slackbot.bootstrap.adapters import Outside, SystemClock
from slackbot.delivery.delivery import DurableDelivery
from slackbot.delivery.shared_feed import SharedFeed
from slackbot.delivery.worker import Worker
from slackbot.domain.ports import MatchFeed
from slackbot.services.accounts import Accounts
from slackbot.services.availability import Availabilities
from slackbot.services.feed_monitor import FeedMonitor
from slackbot.services.health import HealthMonitor
from slackbot.services.matches import Matches
from slackbot.services.notices import Notices
from slackbot.services.scheduler import Scheduler
from slackbot.services.sessions import Sessions


@dataclass(frozen=True, slots=True)
class Inside:
    """The services, joined."""

    accounts: Accounts
    sessions: Sessions
    matches: Matches
    watch: FeedMonitor
    availabilities: Availabilities
    delivery: DurableDelivery
    notices: Notices
    rounds: Scheduler
    worker: Worker
    condition: HealthMonitor


def join(outside: Outside, clock: SystemClock, background: BackgroundTasks) -> Inside:
    """Every service, and the worker beside them."""
    store, platform = outside.store, outside.platform
    shared = None
    if not outside.database.single_process:
        shared = SharedFeed(outside.feed, outside.leases, store, clock, background)
    feed: MatchFeed = shared or outside.feed
    delivery = DurableDelivery(boot_id=outside.boot_id)
    accounts = Accounts(
        platform=platform,
        store=store,
        feed=feed,
        delivery=delivery,
        clock=clock,
        background=background,
    )
    matches = Matches(
        platform=platform,
        store=store,
        feed=feed,
        delivery=delivery,
        clock=clock,
        background=background,
    )
    joint = _Joint(outside, clock, background, shared, feed, delivery, accounts, matches)
    return joint.done()


@dataclass(frozen=True, slots=True)
class _Joint:
    """What the services that watch and wait have in common."""

    outside: Outside
    clock: SystemClock
    background: BackgroundTasks
    shared: SharedFeed | None
    feed: MatchFeed
    delivery: DurableDelivery
    accounts: Accounts
    matches: Matches

    def done(self) -> Inside:
        store, clock = self.outside.store, self.clock
        watch = self._watch()
        sessions = Sessions(
            accounts=self.accounts, platform=self.outside.platform, store=store, clock=clock
        )
        return Inside(
            accounts=self.accounts,
            sessions=sessions,
            matches=self.matches,
            watch=watch,
            availabilities=self._availabilities(sessions, watch),
            delivery=self.delivery,
            notices=Notices(
                store=store,
                messenger=self.outside.messenger,
                clock=clock,
                on_unreachable=watch.stop_unreachable,
            ),
            rounds=Scheduler(
                store=store, matches=self.matches, delivery=self.delivery, clock=clock
            ),
            worker=_worker(self.outside, self.shared, self.matches, watch, self.delivery),
            condition=HealthMonitor(
                store=store, clock=clock, feeds=(self.shared or self.outside.feed).healths
            ),
        )

    def _watch(self) -> FeedMonitor:
        return FeedMonitor(
            accounts=self.accounts,
            matches=self.matches,
            delivery=self.delivery,
            platform=self.outside.platform,
            store=self.outside.store,
            feed=self.feed,
            clock=self.clock,
            background=self.background,
            locks=self.accounts.locks,
            holds=self.shared.holds if self.shared is not None else lambda _: True,
        )

    def _availabilities(self, sessions: Sessions, watch: FeedMonitor) -> Availabilities:
        return Availabilities(
            accounts=self.accounts,
            sessions=sessions,
            matches=self.matches,
            monitor=watch,
            platform=self.outside.platform,
            store=self.outside.store,
            feed=self.feed,
            clock=self.clock,
        )


def _worker(
    outside: Outside,
    shared: SharedFeed | None,
    matches: Matches,
    watch: FeedMonitor,
    delivery: DurableDelivery,
) -> Worker:
    """What goes on beside the services: our lease, and what others leave behind."""

    async def recover(dead: str) -> bool:
        done = await delivery.recover(dead)
        await matches.resume((await outside.installation.get()).team)
        return done

    worker = Worker(outside.leases, shared, recover=recover, fenced=shared is not None)
    worker.dropped = watch.drop
    worker.claimed = watch.claimed
    outside.fence.holds = worker.held
    if shared is not None:
        outside.feed.listen(shared)
        shared.listen(watch)
    else:
        outside.feed.listen(watch)
    return worker
