"""Send notices exactly once, even if Slack or the network fails in between.

Slack does not support idempotency keys. Before a message that Slack may have accepted is sent
again, the person's direct messages are searched for the notice's key. If they cannot be read, the
search is retried.

A notice is given up if Slack reports that messages cannot reach the person. After any other error
from Slack, it is retried until it is too old.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from slackbot.aio.backoff import ExponentialBackoff
from slackbot.domain.errors import (
    EditRefused,
    MessageDelayed,
    MessageError,
    MessageRefused,
    MessageUnsure,
    NotLinked,
    PersonUnreachable,
)
from slackbot.domain.matching import earlier_keys, epoch_of
from slackbot.domain.model import Link, Match, MatchId, Person, Source
from slackbot.domain.notices import (
    LinkRefused,
    MatchBack,
    MatchFound,
    MatchOver,
    PartnerLeft,
    Remark,
    SnoozeOver,
    is_still_back,
    is_urgent,
    kind_of,
    remark_holds,
)
from slackbot.domain.ports import Clock, Messenger, Posted
from slackbot.domain.stores import Store, StoreUnavailable
from slackbot.domain.surfaces import CardKind, StateCard
from slackbot.services.contacts import Contacts
from slackbot.services.preferences import PersonalPreferences
from slackbot.services.rounds import is_in_round
from slackbot.telemetry import MATCH_TO_DM, MATCHES_LATE, NOTICES

log = structlog.get_logger(__name__)

Sleep = Callable[[float, str], Awaitable[None]]  # takes seconds, and why the last attempt failed
# One attempt. With the argument True, an earlier one may have succeeded, so search before sending.
Attempt = Callable[[bool], Awaitable[None]]

SENT, EXPIRED, DEFECT = "told", "expired", "defect"  # outcomes, as stored
LANDING_SECONDS = 3.0  # how long an unconfirmed message may take to appear
RETRY_SECONDS = 2.0
RETRY_CAP_SECONDS = 60.0
BACKOFF = ExponentialBackoff(RETRY_SECONDS, RETRY_CAP_SECONDS)
REFUSED_CAP_SECONDS = 180.0
REFUSED_BACKOFF = ExponentialBackoff(RETRY_SECONDS, REFUSED_CAP_SECONDS)
MATCH_AGE = timedelta(days=1)  # a match pending for longer expires; it stays in the history
REMARK_AGE = timedelta(hours=1)  # the same for a remark; the status shows its content too
EDIT_AGE = timedelta(hours=1)  # how long after the end of a round a refused edit is retried
DEFECTS = 20  # unexpected errors before a notice is given up
# Seconds after which a notice that quiet hours hold back looks whether they are still so.
QUIET_CAP_SECONDS = 300.0
QUIET_HOURS = "quiet_hours"


@dataclass(eq=False, repr=False, kw_only=True)
class Notices:
    """Sends notices. The outcome of a match's notice is recorded in the match's row."""

    store: Store
    messenger: Messenger
    clock: Clock
    # Returns a remark as it is now, or None if nobody needs it any more.
    review: Callable[[Link, Remark], Awaitable[Remark | None]] | None = None
    # What the message says at the end of a round about the partner.
    contacts: Contacts | None = None
    # Without them, every notice is sent at once.
    preferences: PersonalPreferences | None = None
    # Called when messages can no longer reach a person.
    on_unreachable: Callable[[Person], Awaitable[None]] | None = None

    # --- matches ---------------------------------------------------------------------------------

    async def deliver(
        self, person: Person, match_id: MatchId, *, look_first: bool, sleep: Sleep
    ) -> bool:
        """Send the notice of a stored match, and return once its outcome is recorded.

        Returns:
            False if there is no such match.
        """
        match: Match | None = None

        async def attempt(look: bool) -> None:
            nonlocal match
            match = await self.store.matches.get(person, match_id)
            if match is None or match.settled_at is not None:
                return
            if self.clock.now() - match.received_at > MATCH_AGE:
                await self._record_outcome(match, EXPIRED, None)
            else:
                await self._send_match(match, look=look)

        if not await self.persist(attempt, sleep, look_first=look_first, key=match_id):
            match = await self.store.matches.get(person, match_id)
            if match is not None:
                await self._record_outcome(match, DEFECT, None)
        return match is not None

    async def _send_match(self, match: Match, *, look: bool) -> None:
        try:
            posted = await self._find_match(match) if look else None
            if posted is None:
                posted = await self.messenger.send(match.person, MatchFound(match))
                waited = self.clock.now() - match.received_at
                MATCH_TO_DM.observe(waited.total_seconds())
        except PersonUnreachable as error:
            log.warning("person_unreachable", match=match.id, reason=error.reason)
            await self._unreachable(match.person, error.reason)
            await self._record_outcome(match, error.reason, None)
        else:
            await self._record_outcome(match, SENT, posted)

    async def _find_match(self, match: Match) -> Posted | None:
        """Search for the message of a match that may have been sent.

        The socket reports a match at the moment of the pairing. An older message with the same key
        belongs to an earlier match whose row was lost. A match from the list may be older than its
        row if a backup was restored, so the whole history is searched.
        """
        if match.source is Source.LIST:
            earlier = earlier_keys(match)
            return await self.messenger.find(match.person, match.id, None, earlier)
        return await self.messenger.find(match.person, match.id, match.received_at)

    async def _record_outcome(self, match: Match, outcome: str, posted: Posted | None) -> None:
        """Store the outcome, retrying until it succeeds, so that the notice is not sent twice."""
        at, tries = self.clock.now(), 1
        while True:
            try:
                await self.store.matches.record_outcome(match.person, match.id, outcome, posted, at)
                break
            except Exception:
                log.exception("notice_not_settled", match=match.id)
            await self.clock.sleep(BACKOFF.delay(tries))
            tries += 1
        NOTICES.labels(outcome=outcome if outcome in {SENT, EXPIRED, DEFECT} else "refused").inc()
        if outcome == SENT:
            MATCHES_LATE.inc(int(match.source is Source.LIST))
            await self._reached(match.person)

    async def _unreachable(self, person: Person, reason: str) -> None:
        """Mark the person as unreachable.

        Call this method before recording the outcome, so that it is repeated after a crash.
        """
        await self.store.links.set_unreachable(person, reason)
        if self.on_unreachable is not None:
            await self.on_unreachable(person)

    async def _reached(self, person: Person) -> None:
        link = await self.store.links.get(person)
        if link is not None and link.unreachable is not None:
            await self.store.links.set_unreachable(person, None)

    async def finish(self, person: Person, match_id: MatchId, *, sleep: Sleep) -> bool:
        """Edit a match's message to say that its round is over. This is idempotent.

        Returns:
            False if there is no such match.
        """
        match: Match | None = None

        async def attempt(_: bool) -> None:
            nonlocal match
            match = await self.store.matches.get(person, match_id)
            if match is None or match.over_at is not None:
                return
            if match.answer is None and match.channel and match.ts:
                try:
                    posted = Posted(match.channel, match.ts)
                    over = MatchOver(match)
                    if self.contacts is not None:
                        over = await self.contacts.at_end_of_round(match)
                    await self.messenger.edit(person, posted, over)
                except MessageRefused as error:
                    is_final = isinstance(error, EditRefused | PersonUnreachable)
                    age = self.clock.now() - (match.ends_at or match.received_at)
                    if not is_final and age <= EDIT_AGE:
                        raise
                    log.info("edit_refused", match=match_id, reason=error.reason)
            await self.store.matches.mark_round_over(person, match_id, self.clock.now())

        if not await self.persist(attempt, sleep, look_first=False, key=match_id):
            # The edit was given up. Mark the round as over, or it would be due again forever.
            await self.store.matches.mark_round_over(person, match_id, self.clock.now())
        return match is not None

    # --- remarks ---------------------------------------------------------------------------------

    async def remark(
        self, person: Person, key: str, remark: Remark, *, look_first: bool, sleep: Sleep
    ) -> bool:
        """Send a notice that has no row of its own. It is dropped after an hour.

        The hours that the person wants to be quiet do not count, and hold it back unless it is
        urgent.

        Returns:
            False if the person has disconnected since then.
        """
        begun, is_there = self.clock.now(), True

        async def attempt(look: bool) -> None:
            nonlocal begun, is_there
            if self.clock.now() - begun > REMARK_AGE:
                log.warning("notice_given_up", notice=kind_of(remark))
                return
            # Check the link, because a remark has no row that is deleted with the person.
            link = await self.store.links.get(person, fresh=True)
            is_there = link is not None and epoch_of(key) in {None, link.person_epoch}
            now = self.clock.now()
            if link is None or not is_there or not remark_holds(remark, key, link, now):
                return
            if isinstance(remark, LinkRefused):
                # Before anybody reads it and presses its button.
                await self.store.links.mark_refused(link, now)
            if not is_urgent(remark) and (wait := await self.quiet_seconds(person)):
                begun = now
                raise MessageDelayed(QUIET_HOURS, wait)
            current = await self._as_wanted(link, remark)
            if current is None:
                return
            try:
                posted = await self.messenger.find(person, key, None) if look else None
                posted = posted or await self.messenger.send(person, current, key)
            except PersonUnreachable as error:
                log.warning("person_unreachable", notice=kind_of(remark), reason=error.reason)
                await self._unreachable(person, error.reason)
                return
            await self._reached(person)
            if isinstance(remark, LinkRefused):
                await self._record_refusal(link, posted)

        await self.persist(attempt, sleep, look_first=look_first, key=key)
        return is_there

    async def quiet_seconds(self, person: Person) -> float:
        """Return for how long to hold back a notice because of the person's quiet hours."""
        if self.preferences is None:
            return 0.0
        until = await self.preferences.quiet_until(person)
        if until is None:
            return 0.0
        return min((until - self.clock.now()).total_seconds(), QUIET_CAP_SECONDS)

    async def _as_wanted(self, link: Link, remark: Remark) -> Remark | MatchBack | None:
        """Return the remark as it is now, or None if the person needs or wants none."""
        known, kind = self.preferences, kind_of(remark)
        if known is not None and not await known.allows(link.person, kind):
            return None
        if isinstance(remark, SnoozeOver):
            current = await self.store.availabilities.get(link.person)
            if current is None or not is_still_back(remark, current):
                return None
        if isinstance(remark, PartnerLeft) and remark.match:
            return await self._about_partner(link.person, remark)
        return await self.review(link, remark) if self.review is not None else remark

    async def _about_partner(
        self, person: Person, remark: PartnerLeft
    ) -> PartnerLeft | MatchBack | None:
        """Return the remark with the partner's name, unless it is of no use by now."""
        match = await self.store.matches.get(person, MatchId(remark.match))
        if match is None:
            return None
        if remark.is_back != str(True):
            return replace(remark, name=match.partner.name)
        # They may be in another round by now, or not want to be in one.
        is_there = await is_in_round(self.store, match, self.clock.now())
        return MatchBack(match) if is_there else None

    async def _record_refusal(self, link: Link, posted: Posted) -> None:
        """Record the notice of a refused login, which is edited once the login is renewed."""
        card = StateCard(
            person=link.person,
            person_epoch=link.person_epoch,
            posted=posted,
            kind=CardKind.LOGIN_REFUSED,
            since=link.refused_at or self.clock.now(),
        )
        with suppress(NotLinked):
            await self.store.surfaces.add_card(card)

    # --- both ------------------------------------------------------------------------------------

    async def persist(self, attempt: Attempt, sleep: Sleep, *, look_first: bool, key: str) -> bool:
        """Call `attempt` until it succeeds.

        Returns:
            False if the notice was given up after too many unexpected errors.
        """
        tries = defects = 0
        if look_first:
            await sleep(LANDING_SECONDS, "")
        while defects < DEFECTS:
            tries += 1
            try:
                await attempt(look_first)
            except MessageDelayed as error:
                wait, reason = error.seconds, error.reason
            except MessageRefused as error:
                wait, reason = REFUSED_BACKOFF.delay(tries), error.reason
                log.warning("notice_refused", notice=key, reason=reason, seconds=wait)
            except MessageUnsure as error:
                wait, reason = max(LANDING_SECONDS, BACKOFF.delay(tries)), error.reason
                look_first = True
            except (MessageError, StoreUnavailable) as error:
                wait, reason = RETRY_SECONDS, type(error).__name__
            except Exception as error:
                log.exception("delivery_failed", notice=key)
                wait, reason = BACKOFF.delay(tries), type(error).__name__
                look_first, defects = True, defects + 1
            else:
                return True
            await sleep(wait, reason)
        log.error("notice_set_aside", notice=key)
        return False
