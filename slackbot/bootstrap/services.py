"""The services, joined to each other and to the parts that reach out."""

from __future__ import annotations

from dataclasses import dataclass

from slackbot.aio.tasks import BackgroundTasks
from slackbot.bootstrap.adapters import Outside, SystemClock
from slackbot.delivery.delivery import DurableDelivery
from slackbot.delivery.feed_sync import FeedSync
from slackbot.delivery.shared_feed import SharedFeed
from slackbot.delivery.worker import Worker
from slackbot.domain.ports import MatchFeed
from slackbot.services.accounts import Accounts
from slackbot.services.availability import Availabilities
from slackbot.services.feed_monitor import FeedMonitor
from slackbot.services.feed_poller import FeedPoller
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
    monitor: FeedMonitor
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
        shared = SharedFeed(outside.feed, outside.desired_feeds, store, background, outside.wake)
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
    poller = _poller(outside, accounts, matches, delivery, feed, clock)
    monitor = FeedMonitor(poller=poller, matches=matches, store=store, feed=feed, clock=clock)
    sessions = Sessions(accounts=accounts, platform=platform, store=store, clock=clock)
    return Inside(
        accounts=accounts,
        sessions=sessions,
        matches=matches,
        monitor=monitor,
        availabilities=Availabilities(
            accounts=accounts,
            sessions=sessions,
            matches=matches,
            monitor=monitor,
            platform=platform,
            store=store,
            feed=feed,
            clock=clock,
        ),
        delivery=delivery,
        notices=_notices(outside, poller, clock),
        rounds=Scheduler(store=store, matches=matches, delivery=delivery, clock=clock),
        worker=_worker(outside, shared, matches, delivery),
        condition=HealthMonitor(store=store, clock=clock, feeds=(shared or outside.feed).healths),
    )


def _poller(
    outside: Outside,
    accounts: Accounts,
    matches: Matches,
    delivery: DurableDelivery,
    feed: MatchFeed,
    clock: SystemClock,
) -> FeedPoller:
    return FeedPoller(
        accounts=accounts,
        matches=matches,
        delivery=delivery,
        platform=outside.platform,
        store=outside.store,
        feed=feed,
        clock=clock,
    )


def _notices(outside: Outside, poller: FeedPoller, clock: SystemClock) -> Notices:
    return Notices(
        store=outside.store,
        messenger=outside.messenger,
        clock=clock,
        on_unreachable=poller.end_unreachable,
    )


def _worker(
    outside: Outside, shared: SharedFeed | None, matches: Matches, delivery: DurableDelivery
) -> Worker:
    """What goes on beside the services: our lease, and what others leave behind."""

    async def recover(stalled: str) -> bool:
        done = await delivery.recover(stalled)
        await matches.resume((await outside.installation.get()).team)
        return done

    feeds = None
    if shared is not None:
        feeds = FeedSync(shared, outside.desired_feeds, outside.feed_events, outside.wake)
    return Worker(outside.workers, outside.lease, outside.wake, recover=recover, feeds=feeds)
