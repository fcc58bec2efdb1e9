"""The services, wired to each other and to the adapters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import structlog
from starlette.types import ASGIApp

from slackbot.aio.tasks import BackgroundTasks
from slackbot.bootstrap.adapters import Adapters, SystemClock
from slackbot.bootstrap.files import build_files
from slackbot.delivery.delivery import DurableDelivery
from slackbot.delivery.shared_feed import SharedFeed
from slackbot.delivery.worker import FeedSync, Worker
from slackbot.domain.media_hosts import MediaHosts
from slackbot.domain.model import FeedHealth
from slackbot.domain.ports import MatchFeed
from slackbot.services.accounts import Accounts
from slackbot.services.availability import Availabilities
from slackbot.services.call_tokens import LinkSigner
from slackbot.services.calls import Calls
from slackbot.services.contact_notices import ContactNotices
from slackbot.services.contacts import Contacts
from slackbot.services.declines import Declines
from slackbot.services.feed_monitor import FeedMonitor
from slackbot.services.feed_poller import FeedPoller
from slackbot.services.files import Files
from slackbot.services.health import HealthMonitor
from slackbot.services.leaving import Leaving
from slackbot.services.login_expiry import LoginExpiry
from slackbot.services.matches import Matches
from slackbot.services.notices import Notices
from slackbot.services.preferences import PersonalPreferences
from slackbot.services.reactions import Reactions
from slackbot.services.recaps import Recaps
from slackbot.services.reminders import Reminders
from slackbot.services.scheduler import Scheduler
from slackbot.services.session_ends import SessionEnds
from slackbot.services.sessions import Sessions
from slackbot.services.snoozing import Snoozing
from slackbot.settings import Settings, split
from slackbot.slack.outbound.messenger import SlackMessenger
from slackbot.slack.outbound.shared_dms import SharedDms
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
        matching = _build_matching(adapters, feed, delivery, clock, background)
        accounts, sessions, matches, monitor = matching
        self.calls, self.delivery, self.monitor, self.feed = calls, delivery, monitor, feed
        self.files, self.records, self.file_page = build_files(adapters, accounts, matches, clock)
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
        self.contacts = build_contacts(adapters, delivery, clock)
        self.preferences = PersonalPreferences(store, clock, adapters.profiles.zone_of)
        written = _build_reminders(adapters, matches, self.files, self.preferences)
        self.reminders, self.recaps = written
        self.snoozing = Snoozing(self.availabilities, store, delivery, clock)
        self.reactions, self.declines = _build_personal(monitor, delivery, self.preferences)
        self.messenger = _build_messenger(adapters, calls, self.reactions)
        self.notices = Notices(
            store=store,
            messenger=self.messenger,
            clock=clock,
            review=self.reminders.review,
            contacts=self.contacts,
            preferences=self.preferences,
            on_unreachable=monitor.end_unreachable,
        )
        self.scheduler = _build_scheduler(adapters, self.contacts, matches, clock)
        self.login_expiry = LoginExpiry(store, platform, delivery, clock)
        self.health = _build_health(store, monitor, (shared or adapters.feed).healths)
        self.worker = _build_worker(adapters, shared, matches)
        self._shared_dms = SharedDms(adapters.slack_api, adapters.slack_queue, adapters.links)
        self._admins = adapters.admins

    @property
    def session_ends(self) -> SessionEnds:
        """The correction of when sessions end."""
        return SessionEnds(self.accounts.store, self.accounts.platform, self.accounts.clock)

    @property
    def contact_notices(self) -> ContactNotices:
        """The sending of swaps and reports."""
        return ContactNotices(
            store=self.contacts.store,
            notices=self.notices,
            messenger=self.messenger,
            shared=self._shared_dms,
            clock=self.contacts.clock,
            admins=self._admins,
        )


def build_contacts(adapters: Adapters, delivery: DurableDelivery, clock: SystemClock) -> Contacts:
    """Build what people can do about those whom they have met."""
    return Contacts(
        store=adapters.store,
        delivery=delivery,
        clock=clock,
        swaps=adapters.contact_swap,
        admins=adapters.admins,
    )


def _build_scheduler(
    adapters: Adapters, contacts: Contacts, matches: Matches, clock: SystemClock
) -> Scheduler:
    return Scheduler(
        store=adapters.store,
        matches=matches,
        contacts=contacts,
        delivery=contacts.delivery,
        clock=clock,
        changes=adapters.changes,
    )


def _build_messenger(adapters: Adapters, calls: Calls, reactions: Reactions) -> SlackMessenger:
    return SlackMessenger(
        adapters.slack_api,
        adapters.slack_queue,
        adapters.links,
        channels=adapters.store.dm_channels,
        call_offer=calls.offer,
        profiles=adapters.profiles,
        on_active=reactions.add,
    )


def _build_health(
    store: SqlStore, monitor: FeedMonitor, feeds: Callable[[], Sequence[FeedHealth]]
) -> HealthMonitor:
    unstored = monitor.unstored
    return HealthMonitor(store=store, clock=monitor.clock, feeds=feeds, unstored=unstored)


def _build_personal(
    monitor: FeedMonitor, delivery: DurableDelivery, preferences: PersonalPreferences
) -> tuple[Reactions, Declines]:
    accounts, store, clock = monitor.poller.accounts, preferences.store, preferences.clock
    reactions = Reactions(
        accounts=accounts,
        leaving=accounts.leaving,
        monitor=monitor,
        delivery=delivery,
        store=store,
        clock=clock,
    )
    declines = Declines(
        accounts=accounts,
        leaving=accounts.leaving,
        monitor=monitor,
        delivery=delivery,
        preferences=preferences,
        store=store,
        clock=clock,
    )
    return reactions, declines


def _build_matching(
    adapters: Adapters,
    feed: MatchFeed,
    delivery: DurableDelivery,
    clock: SystemClock,
    background: BackgroundTasks,
) -> tuple[Accounts, Sessions, Matches, FeedMonitor]:
    platform, store, changes = adapters.platform, adapters.store, adapters.changes
    leaving = Leaving(platform=platform, store=store, clock=clock, background=background)
    matches = Matches(
        platform=platform,
        store=store,
        feed=feed,
        delivery=delivery,
        clock=clock,
        background=background,
        round_seconds=adapters.round_seconds,
    )
    accounts = Accounts(
        digest=adapters.credential_digest,
        platform=platform,
        store=store,
        feed=feed,
        delivery=delivery,
        leaving=leaving,
        matches=matches,
        clock=clock,
        background=background,
        is_installed=adapters.installation.verify,
        may_use=adapters.profiles.may_use,
    )
    sessions = Sessions(
        accounts=accounts, platform=platform, store=store, clock=clock, changes=changes
    )
    poller = FeedPoller(
        accounts=accounts,
        sessions=sessions,
        matches=matches,
        leaving=leaving,
        delivery=delivery,
        platform=platform,
        store=store,
        feed=feed,
        clock=clock,
    )
    monitor = FeedMonitor(
        poller=poller, matches=matches, store=store, feed=feed, clock=clock, changes=changes
    )
    return accounts, sessions, matches, monitor


def _build_reminders(
    adapters: Adapters, matches: Matches, files: Files, preferences: PersonalPreferences
) -> tuple[Reminders, Recaps]:
    store, platform, clock = adapters.store, adapters.platform, preferences.clock
    delivery = matches.delivery
    reminders = Reminders(
        store=store,
        platform=platform,
        delivery=delivery,
        clock=clock,
        preferences=preferences,
        files=files,
    )
    recaps = Recaps(
        store=store,
        platform=platform,
        matches=matches,
        delivery=delivery,
        clock=clock,
        preferences=preferences,
    )
    return reminders, recaps


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
