"""Swap contacts between two people who both want to, and report a person to the admins.

What one person answers changes nothing that the other can see, unless both say yes: no card, no
message, no count. An answer is stored in a row of the person who gave it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from slackbot.domain.contacts import Known, Report
from slackbot.domain.errors import NotLinked
from slackbot.domain.model import Match, MatchId, Person, Source, TeamId, UserId
from slackbot.domain.notices import MatchOver
from slackbot.domain.ports import Clock, Delivery
from slackbot.domain.stores import Store
from slackbot.domain.text import fold

log = structlog.get_logger(__name__)

OFFERED: Final = 10  # matches in a list, the latest first
REASON_LIMIT: Final = 1000  # characters of a report


async def recipients(store: Store, match: Match, admins: Sequence[UserId]) -> list[UserId]:
    """Return the admins who get a report of a match's partner: none who may be the partner."""
    about = await store.contacts.may_be_partner(match) if admins else set()
    return [admin for admin in admins if admin not in about]


@dataclass(eq=False, repr=False, kw_only=True)
class Contacts:
    """Records answers and reports, and submits what follows from them."""

    store: Store
    delivery: Delivery
    clock: Clock
    swaps: bool  # whether contacts can be swapped
    admins: Sequence[UserId]  # who get reports, if anybody

    @property
    def reports(self) -> bool:
        """Whether anybody gets reports."""
        return bool(self.admins)

    async def at_end_of_round(self, match: Match) -> MatchOver:
        """Return the notice of the end of a round, with what can be done about the partner."""
        return MatchOver(match, await self.may_swap(match), self.reports)

    async def may_swap(self, match: Match) -> bool:
        """Return whether to ask the person. It depends on nothing that the partner has answered."""
        partner = await self._partner_of(match)
        if partner is None:
            return False
        return not await self.store.contacts.has_answered(match.person, partner.person)

    async def offers(self, person: Person, named: str = "") -> list[Match]:
        """Return the latest matches about whose partners the person can be asked, each once.

        Only those whose partner has all words of `named` in their name, however long ago it was.
        """
        found: dict[str, Match] = {}
        for match in await self._met(person, named) if self.swaps else []:
            if len(found) == OFFERED:
                break
            if match.partner_key not in found and await self.may_swap(match):
                found[match.partner_key] = match
        return list(found.values())

    async def reportable(self, person: Person, named: str = "") -> list[Match]:
        """Return the latest matches, whose partners can be reported. `named` is as in `offers`."""
        return (await self._met(person, named))[:OFFERED] if self.reports else []

    async def answer(
        self, person: Person, match_id: MatchId, *, wanted: bool
    ) -> tuple[Match, bool] | None:
        """Record whether the person wants to swap contacts.

        Return the match and whether both have agreed, unless the match is gone.
        """
        match = await self.store.matches.get(person, match_id)
        partner = await self._partner_of(match) if match is not None else None
        if match is None or partner is None:
            return None
        try:
            agreed = await self.store.contacts.answer(
                match, partner, self.clock.now(), wanted=wanted
            )
        except NotLinked:
            return None
        if agreed:
            await self.resume(person.team)
        return match, agreed

    async def withdraw(self, person: Person, match_id: MatchId) -> tuple[Match, bool] | None:
        """Delete the person's answer, unless both have agreed. Return what `answer` does."""
        match = await self.store.matches.get(person, match_id)
        partner = await self._partner_of(match) if match is not None else None
        if match is None or partner is None:
            return None
        return match, await self.store.contacts.withdraw(match, partner)

    async def report(self, person: Person, match_id: MatchId, reason: str) -> Match | None:
        """Record a report, and pass it on. Return None if it is gone or no admin can get it."""
        match = await self.store.matches.get(person, match_id)
        if match is None or not await recipients(self.store, match, self.admins):
            return None
        report = Report(match=match, reason=reason[:REASON_LIMIT], reported_at=self.clock.now())
        try:
            await self.store.reports.add(report)
        except NotLinked:
            return None
        log.info("person_reported", team=person.team, match=match_id)
        await self.resume(person.team)
        return match

    async def resume(self, team: TeamId) -> None:
        """Submit the swaps and reports that have not been settled."""
        for person, match_id in await self.store.contacts.list_pending(team):
            swap = await self.store.contacts.get_swap(person, match_id)
            if swap is not None:
                await self.delivery.contact("swap", person, match_id, swap.key)
        for person, match_id in await self.store.reports.list_pending(team):
            report = await self.store.reports.get(person, match_id)
            if report is not None and await recipients(self.store, report.match, self.admins):
                await self.delivery.contact("report", person, match_id, report.key)

    async def _partner_of(self, match: Match) -> Known | None:
        return await self.store.contacts.partner_of(match) if self.swaps else None

    async def _met(self, person: Person, named: str) -> list[Match]:
        words = fold(named).split()
        return [
            match
            for match in await self.store.matches.list_for(person, None)
            if match.source is not Source.BEFORE
            and all(word in fold(match.partner.name) for word in words)
        ]
