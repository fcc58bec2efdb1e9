"""Warn people whose login runs out while they need it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog

from slackbot.aio.deadline import Deadline
from slackbot.aio.tasks import every
from slackbot.domain.errors import PlatformError, Refusal
from slackbot.domain.model import Link, Person, TeamId
from slackbot.domain.notices import LoginExpiring, notice_key
from slackbot.domain.ports import Clock, Delivery, Platform
from slackbot.domain.sessions import in_order
from slackbot.domain.stores import Store, StoreUnavailable

log = structlog.get_logger(__name__)

WARNED_BEFORE: Final = timedelta(minutes=15)
TICK_SECONDS: Final = 30.0  # between searches for logins that run out
ASKED_AT_ONCE: Final = 4  # people whose sessions are read at the same time
READ_SECONDS: Final = 10.0  # for the sessions of one person


@dataclass(eq=False, repr=False)
class LoginExpiry:
    """Sends a remark before a login runs out, once per login. Several processes may do so."""

    store: Store
    platform: Platform
    delivery: Delivery
    clock: Clock
    # When the logins expire that need no further look.
    _handled: dict[tuple[Person, str], datetime] = field(default_factory=dict, init=False)

    async def run(self, team: TeamId) -> None:
        """Run until cancelled."""
        await every(
            TICK_SECONDS,
            lambda: self.tick(team),
            name="login_expiry",
            expected=(StoreUnavailable,),
            sleep=self.clock.sleep,
        )

    async def tick(self, team: TeamId) -> None:
        """Warn the people whose logins run out soon."""
        now, slots = self.clock.now(), asyncio.Semaphore(ASKED_AT_ONCE)
        self._handled = {key: at for key, at in self._handled.items() if at > now}

        async def warn(link: Link) -> None:
            async with slots:
                await self._warn(link)

        expiring = await self.store.links.list_expiring(team, now, now + WARNED_BEFORE)
        due = [link for link in expiring if _login_of(link) not in self._handled]
        await asyncio.gather(*map(warn, due))

    async def _warn(self, link: Link) -> None:
        """Warn the person if a session of theirs goes on after their login has run out.

        A session that they have joined, but are not available in, is known only to the platform.
        """
        assert link.expires_at is not None
        expires_at, title, is_available = link.expires_at, "", False
        availability = await self.store.availabilities.get(link.person)
        if availability is not None:
            ends_at = availability.session_ends_at
            is_available = ends_at is None or ends_at > expires_at
            title = availability.session_title if is_available else ""
        if not is_available:
            try:
                title = await self._joined_session(link, expires_at)
            except Refusal:
                pass  # nothing can be done, and the next command reports it
            except PlatformError as error:
                log.info("joined_sessions_unread", reason=error.code)
                return  # the next tick tries again
        if title:
            remark = LoginExpiring(link.event, title, expires_at.isoformat(), str(is_available))
            occasion = (link.credential_digest, link.linked_at, expires_at)
            key = notice_key("login_expiring", link.person_epoch, *occasion)
            await self.delivery.remark(link.person, key, remark)
        self._handled[_login_of(link)] = expires_at

    async def _joined_session(self, link: Link, expires_at: datetime) -> str:
        """Return the title of the next session that they have joined, or an empty text."""
        with Deadline(self.clock, READ_SECONDS):
            joined = await self.platform.registered_sessions(link)
        later = [s for s in joined if (end := s.ends_at or s.starts_at) and end > expires_at]
        return next((each.title for each in in_order(later, self.clock.now())), "")


def _login_of(link: Link) -> tuple[Person, str]:
    """Return the login, which several people may have connected."""
    return link.person, link.credential_digest
