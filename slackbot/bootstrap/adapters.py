"""Adapters to external systems, built from the settings."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

from slackbot.accelevents.client import AcceleventsClient, PlatformOptions
from slackbot.accelevents.event_zones import EventZones
from slackbot.accelevents.feed_options import FeedOptions
from slackbot.accelevents.feeds import SocketFeed
from slackbot.aio.outgoing import Proxies
from slackbot.bootstrap.database import direct_url, lock_sqlite
from slackbot.delivery.lease import Lease
from slackbot.domain.event_options import event_names, event_time_zones, time_zone
from slackbot.domain.feed_events import FeedEvent
from slackbot.domain.model import UserId
from slackbot.domain.workers import Role
from slackbot.services.changes import ChangedPeople
from slackbot.services.credential_digest import CredentialDigest
from slackbot.services.files import FileSigner
from slackbot.services.receipts import Receipts
from slackbot.settings import Settings, SettingsError, split
from slackbot.slack.blocks.links import HubLinks, OrganiserHelp
from slackbot.slack.client import POST_SECONDS, slack_session, web_client
from slackbot.slack.installations import SingleInstallation
from slackbot.slack.outbound.api import SlackApi
from slackbot.slack.outbound.profiles import Profiles
from slackbot.slack.outbound.queue import WorkspaceQueue
from slackbot.storage.database import Database
from slackbot.storage.delivery_database import DeliveryDatabase
from slackbot.storage.encryption import Cipher
from slackbot.storage.feeds import SqlDesiredFeeds
from slackbot.storage.store import SqlStore
from slackbot.storage.url import DatabaseUrl
from slackbot.storage.workers import SqlWorkerRegistry


class SystemClock:
    """Implements `ports.Clock`."""

    def now(self) -> datetime:
        """Return the time in UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait for the given number of seconds."""
        await asyncio.sleep(seconds)


class Adapters:
    """The adapters to all external systems."""

    def __init__(
        self,
        settings: Settings,
        url: DatabaseUrl,
        keys: Sequence[bytes],
        *,
        role: Role,
        clock: SystemClock,
        closing: AsyncExitStack,
    ) -> None:
        """Build the adapters, which `closing` closes. On SQLite, lock the file as well.

        Raises:
            SettingsError: an adapter cannot be built from these settings.
        """
        # Report errors in settings before anything is created or opened.
        for_platform, for_feed = platform_options(settings), feed_options(settings)
        lock_sqlite(url, role, closing)
        self.boot_id = secrets.token_hex(8)  # unique to each start of a process
        self.direct_url = direct_url(settings)
        self.database = Database(url)
        closing.push_async_callback(self.database.aclose)
        self.changes = ChangedPeople()
        self.store = SqlStore(self.database, Cipher(keys), changes=self.changes)
        self.credential_digest = CredentialDigest(keys)
        self.receipts = Receipts(keys)
        self.file_signer, self.public_url = FileSigner(keys), settings.public_url
        self.delivery_database = DeliveryDatabase(url)
        closing.callback(self.delivery_database.close)
        self.workers = SqlWorkerRegistry(self.database, boot_id=self.boot_id, role=role)
        self.desired_feeds = SqlDesiredFeeds(self.database, boot_id=self.boot_id)
        self.lease = Lease(single_process=self.database.single_process)
        self.wake = asyncio.Event()  # set to trigger an immediate heartbeat
        self.platform = AcceleventsClient(for_platform, clock)
        closing.push_async_callback(self.platform.aclose)
        self.feed_events: asyncio.Queue[FeedEvent] = asyncio.Queue()
        self.feed = SocketFeed(for_feed, clock, self.feed_events)
        closing.push_async_callback(self.feed.aclose)
        session = slack_session(POST_SECONDS, outgoing_proxies(settings))
        closing.push_async_callback(session.close)
        self.slack = web_client(settings.slack_api_url, session)
        bot_token = settings.slack_bot_token.get_secret_value()
        self.installation = SingleInstallation(self.slack, bot_token)
        self.slack_api = SlackApi(self.slack, self.installation, may_send=self.lease.is_held)
        self.profiles = Profiles(self.slack_api, allow_guests=settings.allow_guests)
        self.slack_queue = WorkspaceQueue()
        closing.push_async_callback(self.slack_queue.aclose)
        self.links = hub_links(settings)
        self.kept, self.round_seconds = kept_of(settings), round_seconds_of(settings)
        self.contact_swap, self.admins = settings.contact_swap == "on", admins_of(settings)


def kept_of(settings: Settings) -> timedelta:
    """Return for how long matches and the like are kept."""
    return timedelta(days=settings.retention_days)


def round_seconds_of(settings: Settings) -> int | None:
    """Return the length of a round whose match does not say it, or None if it is not known."""
    return settings.accelevents_round_minutes * 60 or None


def admins_of(settings: Settings) -> list[UserId]:
    """Return those who get reports of people."""
    return [UserId(user) for user in split(settings.report_to)]


def hub_links(settings: Settings) -> HubLinks:
    """Return the names and pages of events, and the organiser's words."""
    return HubLinks(
        settings.accelevents_web_url,
        settings.accelevents_session_link,
        OrganiserHelp(settings.organiser_help_text, settings.organiser_help_url),
        event_names(settings.accelevents_event_names),
    )


def platform_options(settings: Settings) -> PlatformOptions:
    """Return the platform's address and the configured details of its API."""
    return PlatformOptions(
        api_url=settings.accelevents_api_url,
        auth_scheme=settings.accelevents_auth_scheme,
        status_request=settings.accelevents_status_request,
        matches_request=settings.accelevents_matches_request,
        zones=event_zones(settings),
        proxies=outgoing_proxies(settings),
    )


def outgoing_proxies(settings: Settings) -> Proxies:
    """Return the proxies for requests to Slack and Accelevents."""
    return Proxies(
        https=settings.https_proxy.get_secret_value(),
        http=settings.http_proxy.get_secret_value(),
        exceptions=settings.no_proxy,
    )


def event_zones(settings: Settings) -> EventZones:
    """Return the time zones of the platform's times."""
    zones = event_time_zones(settings.accelevents_event_timezones)
    return EventZones(time_zone(settings.accelevents_timezone), zones)


def feed_options(settings: Settings) -> FeedOptions:
    """Return the socket's address and the configured details of its protocol.

    Raises:
        SettingsError: an option cannot be used. The message names its variable.
    """
    try:
        return FeedOptions(
            socket_url=settings.accelevents_socket_url or settings.accelevents_api_url,
            socket_path=settings.accelevents_socket_path,
            namespace=settings.accelevents_socket_namespace,
            socket_auth=split(settings.accelevents_socket_auth),
            hello=settings.accelevents_socket_hello or None,
            events=split(settings.accelevents_socket_events),
            zones=event_zones(settings),
            proxies=outgoing_proxies(settings),
        )
    except ValueError as error:
        option, _, why = str(error).partition(": ")
        variable = f"ACCELEVENTS_SOCKET_{option.removeprefix('socket_').upper()}"
        raise SettingsError(f"{variable}: {why}") from None
