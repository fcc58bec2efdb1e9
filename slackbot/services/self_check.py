"""Check step by step that everything works that one person needs."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import structlog

from slackbot.domain.errors import (
    EventNotFound,
    MessageError,
    MessageRefused,
    NotLinked,
    PlatformError,
    TokenRefused,
    Unavailable,
)
from slackbot.domain.model import EventSlug, Link, Person, Source
from slackbot.domain.ports import MatchFeed
from slackbot.domain.stores import Store
from slackbot.services.accounts import Accounts
from slackbot.services.sessions import Sessions, View

log = structlog.get_logger(__name__)

# Maximum seconds to wait for the platform and for Slack, which are asked at the same time.
CHECK_SECONDS: Final = 8.0


class CheckResult(StrEnum):
    """What one step found out."""

    NOT_A_MEMBER = "not_a_member"
    CONNECTED = "connected"
    NOT_CONNECTED = "not_connected"
    LOGIN_ACCEPTED = "login_accepted"
    LOGIN_REFUSED = "login_refused"
    LOGIN_UNKNOWN = "login_unknown"
    SESSIONS_READ = "sessions_read"
    SESSIONS_REFUSED = "sessions_refused"
    EVENT_GONE = "event_gone"
    UPDATES_CONNECTED = "updates_connected"
    UPDATES_DOWN = "updates_down"
    UPDATES_NOT_NEEDED = "updates_not_needed"
    AVAILABILITY_UNCONFIRMED = "availability_unconfirmed"
    MESSAGES_ACCEPTED = "messages_accepted"
    MESSAGES_REFUSED = "messages_refused"
    MESSAGES_UNKNOWN = "messages_unknown"
    MESSAGE_PENDING = "message_pending"
    LAST_MESSAGE_FAILED = "last_message_failed"

    @property
    def is_fine(self) -> bool:
        """False if the person or an administrator has something to do, or to wait for."""
        return self in _FINE


_FINE: Final = {
    CheckResult.CONNECTED,
    CheckResult.LOGIN_ACCEPTED,
    CheckResult.SESSIONS_READ,
    CheckResult.UPDATES_CONNECTED,
    CheckResult.UPDATES_NOT_NEEDED,
    CheckResult.MESSAGES_ACCEPTED,
    CheckResult.LAST_MESSAGE_FAILED,
}


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The results in order, and a reference by which an administrator finds them in the log."""

    reference: str
    version: str
    event: EventSlug | None
    results: tuple[CheckResult, ...]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class SelfCheck:
    """Checks the account, the login, the sessions, the live updates and the direct messages."""

    accounts: Accounts
    sessions: Sessions
    store: Store
    feed: MatchFeed
    # Asks Slack whether it takes messages to the person. Raises a `MessageError` if it does not.
    ask_slack: Callable[[Person], Awaitable[None]]
    version: str

    async def run(self, person: Person) -> CheckReport:
        """Run all steps. Each of them has a result, whatever fails.

        Somebody whom the bot does not serve has that result alone.
        """
        link = await self.store.links.get(person, fresh=True)
        results = [CheckResult.NOT_A_MEMBER]
        if await self.accounts.may_use(person):
            results, messages = await asyncio.gather(
                self._ask_platform(person), self._ask_slack(person, link)
            )
            results += [*await self._read_availability(person), messages]
        report = CheckReport(
            reference=secrets.token_hex(4),
            version=self.version,
            event=link.event if link is not None else None,
            results=tuple(results),
        )
        log.info(
            "self_checked",
            reference=report.reference,
            team=person.team,
            user=person.user,
            results=[result.value for result in report.results],
        )
        return report

    async def _ask_platform(self, person: Person) -> list[CheckResult]:
        connected = CheckResult.CONNECTED
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await self.sessions.listing(person, View.LIVE)
        except NotLinked:
            return [CheckResult.NOT_CONNECTED]
        except TokenRefused:
            return [connected, CheckResult.LOGIN_REFUSED]
        except (Unavailable, TimeoutError):
            return [connected, CheckResult.LOGIN_UNKNOWN]
        except EventNotFound:
            return [connected, CheckResult.EVENT_GONE]
        except PlatformError:
            return [connected, CheckResult.SESSIONS_REFUSED]
        return [connected, CheckResult.LOGIN_ACCEPTED, CheckResult.SESSIONS_READ]

    async def _read_availability(self, person: Person) -> list[CheckResult]:
        availability = await self.accounts.availability(person)
        if availability is None:
            return [CheckResult.UPDATES_NOT_NEEDED]
        health = self.feed.health(person)
        is_up = health is not None and health.connected
        updates = CheckResult.UPDATES_CONNECTED if is_up else CheckResult.UPDATES_DOWN
        if availability.confirmed:
            return [updates]
        return [updates, CheckResult.AVAILABILITY_UNCONFIRMED]

    async def _ask_slack(self, person: Person, link: Link | None) -> CheckResult:
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await self.ask_slack(person)
        except MessageRefused:
            return CheckResult.MESSAGES_REFUSED
        except (MessageError, TimeoutError):
            return CheckResult.MESSAGES_UNKNOWN
        if link is None:
            return CheckResult.MESSAGES_ACCEPTED
        matches = await self.store.matches.list_for(person, link.event)
        if any(m.settled_at is None and m.source is not Source.BEFORE for m in matches):
            return CheckResult.MESSAGE_PENDING
        is_lost = link.unreachable is not None
        return CheckResult.LAST_MESSAGE_FAILED if is_lost else CheckResult.MESSAGES_ACCEPTED
