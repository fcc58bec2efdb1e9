"""Send what follows from two yeses, and pass reports on to the admins.

The bot cannot read a shared conversation, so it cannot search it for a message that Slack may have
accepted. It posts there once. If the outcome is not known, or Slack refuses, each of the two gets
the news in their own direct messages, where it is searched for like any other notice.

Both are reached outside of their quiet hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import structlog

from slackbot.domain.contacts import Known, Report, Swap, swap_key
from slackbot.domain.errors import MessageDelayed, MessageRefused, MessageUnsure, PersonUnreachable
from slackbot.domain.model import MatchId, Person, UserId
from slackbot.domain.notices import ContactsSwapped, Notice, Reported
from slackbot.domain.ports import Clock, Messenger, SharedConversations
from slackbot.domain.stores import Store
from slackbot.services.contacts import recipients
from slackbot.services.notices import (
    DEFECT,
    EXPIRED,
    MATCH_AGE,
    QUIET_HOURS,
    SENT,
    Notices,
    Sleep,
)

log = structlog.get_logger(__name__)

APART: Final = "apart"  # outcome, as stored, of a swap that each of the two was sent
# How long two people's quiet hours hold back a post to both. Theirs may never end together.
HELD_AGE: Final = timedelta(hours=18)


@dataclass(eq=False, repr=False, kw_only=True)
class ContactNotices:
    """Sends swaps and reports exactly once."""

    store: Store
    notices: Notices
    messenger: Messenger
    shared: SharedConversations
    clock: Clock
    admins: Sequence[UserId] = ()

    async def swap(
        self, person: Person, match_id: MatchId, *, look_first: bool, sleep: Sleep
    ) -> bool:
        """Open a conversation for two people who have agreed, and post in it.

        Returns:
            False if one of them has been deleted.
        """
        del look_first  # the row says whether it may have been posted
        swap: Swap | None = None
        outcome = DEFECT

        async def attempt(_: bool) -> None:
            nonlocal swap, outcome
            swap = await self.store.contacts.get_swap(person, match_id)
            if swap is None or swap.settled_at is not None:
                return
            age = self.clock.now() - swap.agreed_at
            if age > MATCH_AGE:
                outcome = EXPIRED
            elif age > HELD_AGE:
                outcome = APART
            else:
                await self._wait_for_quiet_hours(*swap.people)
                outcome = SENT if await self._post(swap) else APART

        async def settle(_: bool) -> None:
            if swap is not None:
                await self.store.contacts.settle(swap, outcome, self.clock.now())

        await self.notices.persist(attempt, sleep, look_first=False, key=match_id)
        if swap is None or swap.settled_at is not None:
            return swap is not None
        if outcome == APART:
            await self._send_apart(swap, sleep)
        return await self.notices.persist(settle, sleep, look_first=False, key=match_id)

    async def _wait_for_quiet_hours(self, *people: Person) -> None:
        """Delay the attempt until all of them are out of their quiet hours.

        Raises:
            MessageDelayed: One of them is in their quiet hours.
        """
        if wait := max([await self.notices.quiet_seconds(person) for person in people]):
            raise MessageDelayed(QUIET_HOURS, wait)

    async def _post(self, swap: Swap) -> bool:
        """Post in the shared conversation. Return False if that failed or may have failed."""
        contacts, person, is_mine = self.store.contacts, swap.match.person, False
        if swap.posting_at is not None:
            return False  # another attempt began, and nobody knows how it ended
        try:
            channel = swap.channel or await self.shared.open(swap.people)
            await contacts.save_channel(swap, channel)
            is_mine = await contacts.claim_post(swap, self.clock.now())
            if not is_mine:
                return False
            await self.shared.post(person, channel, ContactsSwapped(swap))
        except MessageDelayed:
            if is_mine:  # another process may be posting
                await contacts.release_post(swap)
            raise
        except (MessageUnsure, MessageRefused, PersonUnreachable) as error:
            log.info("swap_not_shared", match=swap.match.id, reason=error.reason)
            return False
        return True

    async def _send_apart(self, swap: Swap, sleep: Sleep) -> None:
        """Send each of the two the news about the other one."""
        me = Known(swap.match.person, swap.match.person_epoch)
        both = [(me, swap.partner), (swap.partner, me)]
        if await self.notices.quiet_seconds(me.person):
            both.reverse()  # somebody's quiet hours do not hold up the other one
        for to, about in both:
            key = swap_key(to.epoch, about.epoch)
            notice = ContactsSwapped(replace(swap, partner=about), apart=True)

            async def attempt(
                _: bool, to: Known = to, key: str = key, one: Notice = notice
            ) -> None:
                still = await self.store.contacts.get_swap(swap.match.person, swap.match.id)
                if still is not None:
                    await self._wait_for_quiet_hours(to.person)
                    await self._send_once(to.person, one, key)

            await self.notices.persist(attempt, sleep, look_first=False, key=key)

    async def report(
        self, person: Person, match_id: MatchId, *, look_first: bool, sleep: Sleep
    ) -> bool:
        """Send a report to each admin, but never to the person it is about.

        Without any admin who may get it, it is kept until there is one.

        Returns:
            False if there is no such report any more.
        """
        del look_first  # it is always searched for
        report: Report | None = None
        admins, partner = list[UserId](), None

        async def read(_: bool) -> None:
            nonlocal report, admins, partner
            report = await self.store.reports.get(person, match_id)
            if report is not None and report.settled_at is None:
                admins = await recipients(self.store, report.match, self.admins)
                partner = await self.store.contacts.partner_of(report.match)

        await self.notices.persist(read, sleep, look_first=False, key=match_id)
        if report is None or not admins:
            return report is not None
        for admin in admins:

            async def attempt(_: bool, to: UserId = admin, sent: Report = report) -> None:
                # If words were added since, another workflow passes on all of them.
                now = await self.store.reports.get(person, match_id)
                if now is not None and now.settled_at is None and now.key == sent.key:
                    notice = Reported(sent, partner.person if partner is not None else None)
                    await self._send_once(Person(person.team, to), notice, sent.key)

            await self.notices.persist(attempt, sleep, look_first=False, key=match_id)

        async def settle(_: bool, sent: Report = report) -> None:
            await self.store.reports.settle(sent, self.clock.now())

        await self.notices.persist(settle, sleep, look_first=False, key=match_id)
        return True

    async def _send_once(self, person: Person, notice: Notice, key: str) -> None:
        try:
            if await self.messenger.find(person, key, None) is None:
                await self.messenger.send(person, notice, key)
        except PersonUnreachable as error:
            log.warning("person_unreachable", notice=key, reason=error.reason)
