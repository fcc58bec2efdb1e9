"""The services, wired to each other and to the adapters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import structlog
from starlette.types import ASGIApp

from slackbot.aio.tasks import BackgroundTasks
from slackbot.bootstrap.adapters import Adapters, SystemClock
from slackbot.delivery.delivery import DurableDelivery
from slackbot.delivery.shared_feed import SharedFeed
from slackbot.delivery.worker import FeedSync, Worker
from slackbot.domain.media_hosts import MediaHosts
from slackbot.domain.ports import MatchFeed
from slackbot.services.accounts import Accounts
from slackbot.services.availability import Availabilities
from slackbot.services.call_tokens import LinkSigner
from slackbot.services.calls import Calls
from slackbot.services.feed_monitor import FeedMonitor
from slackbot.services.feed_poller import FeedPoller
from slackbot.services.health import HealthMonitor
from slackbot.services.leaving import Leaving
from slackbot.services.matches import Matches
from slackbot.services.notices import Notices
from slackbot.services.scheduler import Scheduler
from slackbot.services.sessions import Sessions
from slackbot.settings import Settings, split
from slackbot.slack.outbound.messenger import SlackMessenger
from slackbot.storage.store import SqlStore
from slackbot.web.call.assets import load
from slackbot.web.call.checks import OFFERED, check_call_page
from slackbot.web.call.routes import CallPage

log = structlog.get_logger(__name__)


class Services:
    """The services and the worker of a process."""

    def __init__(
        self, adapters: Adapters, calls: Calls, clock: SystemClock, background: BackgroundTasks
    ) -> None:
        """Build the services without starting anything."""
        store, platform = adapters.store, adapters.platform
        shared = None
        if not adapters.database.single_process:
            desired_feeds, wake = adapters.desired_feeds, adapters.wake
            shared = SharedFeed(adapters.feed, desired_feeds, store, background, wake)
        feed: MatchFeed = shared or adapters.feed
        delivery = DurableDelivery(boot_id=adapters.boot_id, living=adapters.workers.living)
        accounts, sessions, matches, poller = _build_matching(
            adapters, feed, delivery, clock, background
        )
        monitor = FeedMonitor(poller=poller, matches=matches, store=store, feed=feed, clock=clock)
        self.calls, self.delivery, self.monitor = calls, delivery, monitor
        self.accounts, self.sessions, self.matches = accounts, sessions, matches
        self.leaving = accounts.leaving
        self.availabilities = Availabilities(
            accounts=accounts,
            sessions=self.sessions,
            matches=matches,
            monitor=monitor,
            leaving=self.leaving,
            platform=platform,
            store=store,
            feed=feed,
            clock=clock,
        )
        self.messenger = SlackMessenger(
            adapters.slack_api,
            adapters.slack_queue,
            adapters.links,
            channels=store.dm_channels,
            call_offer=calls.offer,
        )
        self.notices = Notices(
            store=store,
            messenger=self.messenger,
            clock=clock,
            on_unreachable=self.monitor.end_unreachable,
        )
        self.scheduler = Scheduler(store=store, matches=matches, delivery=delivery, clock=clock)
        feeds = (shared or adapters.feed).healths
        self.health = HealthMonitor(
            store=store, clock=clock, feeds=feeds, unstored=monitor.unstored
        )
        self.worker = _build_worker(adapters, shared, matches)


def _build_matching(
    adapters: Adapters,
    feed: MatchFeed,
    delivery: DurableDelivery,
    clock: SystemClock,
    background: BackgroundTasks,
) -> tuple[Accounts, Sessions, Matches, FeedPoller]:
    leaving = Leaving(
        platform=adapters.platform, store=adapters.store, clock=clock, background=background
    )
    accounts = Accounts(
        digest=adapters.credential_digest,
        platform=adapters.platform,
        store=adapters.store,
        feed=feed,
        delivery=delivery,
        leaving=leaving,
        clock=clock,
        background=background,
        is_installed=adapters.installation.verify,
    )
    matches = Matches(
        platform=adapters.platform,
        store=adapters.store,
        feed=feed,
        delivery=delivery,
        clock=clock,
        background=background,
    )
    sessions = Sessions(
        accounts=accounts, platform=adapters.platform, store=adapters.store, clock=clock
    )
    poller = FeedPoller(
        accounts=accounts,
        sessions=sessions,
        matches=matches,
        leaving=leaving,
        delivery=delivery,
        platform=adapters.platform,
        store=adapters.store,
        feed=feed,
        clock=clock,
    )
    return accounts, sessions, matches, poller


def _build_worker(adapters: Adapters, shared: SharedFeed | None, matches: Matches) -> Worker:
    async def recover() -> None:
        await matches.resume((await adapters.installation.get()).team)

    feeds = None
    if shared is not None:
        feeds = FeedSync(shared, adapters.desired_feeds, adapters.feed_events, adapters.wake)
    return Worker(adapters.workers, adapters.lease, adapters.wake, recover=recover, feeds=feeds)


def build_calls(
    settings: Settings, keys: Sequence[bytes], store: SqlStore, clock: SystemClock, static: Path
) -> tuple[Calls, ASGIApp | None]:
    """Build the call service and, if calls can be offered, the app that serves the call page.

    `static` is the folder of the built page. Without the page, no calls are offered, and the reason
    is logged.
    """
    hosts = MediaHosts.of(split(settings.call_media_hosts))
    finding = check_call_page(settings.public_url, static)
    offered = finding.code == OFFERED
    calls = Calls(
        store=store,
        clock=clock,
        signer=LinkSigner(keys),
        hosts=hosts,
        page=f"{settings.public_url}/call" if offered else None,
    )
    if offered:
        return calls, CallPage(calls, load(static), settings.public_url).app(hosts)
    log.info("call_page_off", reason=finding.code)
    return calls, None
