"""How a notice is told: once, whatever Slack and the network do meanwhile.

Slack has no key by which it would know a message again, so a message that may have been taken is
never sent a second time blindly: the person's direct messages are looked through for its key
first, and where they cannot be read it is that look which is tried again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from slackbot.domain.errors import (
    MessageDelayed,
    MessageError,
    MessageRefused,
    MessageUnsure,
    PersonUnreachable,
)
from slackbot.domain.model import Match, MatchId, Person, Source
from slackbot.domain.notices import MatchFound, MatchOver, Remark, kind_of
from slackbot.domain.ports import Clock, Messenger, Posted, Store, StoreUnavailable
from slackbot.telemetry import MATCH_TO_DM, MATCHES_LATE, NOTICES

log = structlog.get_logger(__name__)

Sleep = Callable[[float], Awaitable[None]]
"""Waits so many seconds; a long wait outlives the process."""
Attempt = Callable[[bool], Awaitable[None]]
"""One try. It is told whether a try before may have succeeded, and then looks first."""

TOLD = "told"
EXPIRED = "expired"
DEFECT = "defect"
LANDING_SECONDS = 3.0
"""How long a message may still be on its way when its outcome is not known."""
RETRY_SECONDS = 2.0
RETRY_CAP_SECONDS = 60.0
MATCH_AGE = timedelta(days=1)
"""A match that could not be told for so long is told no more: it stands in the history."""
REMARK_AGE = timedelta(hours=1)
"""The same for a notice that is not a match: what it says stands in the status too."""
DEFECTS = 20
"""How often a notice may fail by a defect of ours before it is set aside."""


def retry_seconds(tries: int) -> float:
    """How long to wait after so many failed tries."""
    return float(min(RETRY_SECONDS * 2.0 ** min(tries - 1, 10), RETRY_CAP_SECONDS))


class Notices:
    """Tells notices. Those of matches are settled in their row, which is the ledger."""

    def __init__(self, *, store: Store, messenger: Messenger, clock: Clock) -> None:
        self._store = store
        self._messenger = messenger
        self._clock = clock
        self._gone: Callable[[Person], Awaitable[None]] | None = None

    def when_gone(self, gone: Callable[[Person], Awaitable[None]]) -> None:
        """What to do for a person whom no message reaches any more."""
        self._gone = gone

    # --- a match ---------------------------------------------------------------------------------

    async def deliver(
        self, person: Person, match_id: MatchId, *, look_first: bool, sleep: Sleep
    ) -> None:
        """Tell a stored match, however long that takes; returns when it is settled."""

        async def attempt(look: bool) -> None:
            match = await self._store.matches.get(person, match_id)
            if match is None or match.settled_at is not None:
                return
            if self._clock.now() - match.received_at > MATCH_AGE:
                await self._settle(match, EXPIRED, None)
            else:
                await self._tell(match, look=look)

        if not await self._see_through(attempt, sleep, look_first=look_first, key=match_id):
            match = await self._store.matches.get(person, match_id)
            if match is not None:
                await self._settle(match, DEFECT, None)

    async def _tell(self, match: Match, *, look: bool) -> None:
        try:
            # It may have been told in a life that this database forgot, so however long ago.
            posted = await self._messenger.find(match.person, match.id, None) if look else None
            if posted is None:
                posted = await self._messenger.send(match.person, MatchFound(match))
                waited = self._clock.now() - match.received_at
                MATCH_TO_DM.observe(waited.total_seconds())
        except MessageRefused as error:
            log.warning("notice_refused", match=match.id, reason=error.reason)
            if isinstance(error, PersonUnreachable):
                await self._unreachable(match.person, error.reason)
            await self._settle(match, error.reason, None)
        else:
            await self._settle(match, TOLD, posted)

    async def _settle(self, match: Match, outcome: str, posted: Posted | None) -> None:
        """Write the end down, trying until it stands there: to send again would tell it twice."""
        at, tries = self._clock.now(), 1
        while True:
            try:
                await self._store.matches.record_outcome(
                    match.person, match.id, outcome, posted, at
                )
                break
            except Exception:
                log.exception("notice_not_settled", match=match.id)
            await self._clock.sleep(retry_seconds(tries))
            tries += 1
        NOTICES.labels(outcome=outcome if outcome in {TOLD, EXPIRED, DEFECT} else "refused").inc()
        if outcome == TOLD:
            MATCHES_LATE.inc(int(match.source is Source.LIST))
            await self._reached(match.person)

    async def _unreachable(self, person: Person, reason: str) -> None:
        """Before the notice is settled: whoever finds it unsettled comes by here again."""
        await self._store.links.set_unreachable(person, reason)
        if self._gone is not None:
            await self._gone(person)

    async def _reached(self, person: Person) -> None:
        link = await self._store.links.get(person)
        if link is not None and link.unreachable is not None:
            await self._store.links.set_unreachable(person, None)

    # --- the end of its round --------------------------------------------------------------------

    async def finish(self, person: Person, match_id: MatchId, *, sleep: Sleep) -> None:
        """Turn the message of a match to its second face. An edit twice is an edit once."""

        async def attempt(_: bool) -> None:
            match = await self._store.matches.get(person, match_id)
            if match is None or match.over_at is not None:
                return
            if match.answer is None and match.channel and match.ts:
                try:
                    posted = Posted(match.channel, match.ts)
                    await self._messenger.edit(person, posted, MatchOver(match))
                except MessageRefused as error:
                    log.info("edit_refused", match=match_id, reason=error.reason)
            await self._store.matches.mark_round_over(person, match_id, self._clock.now())

        await self._see_through(attempt, sleep, look_first=False, key=match_id)

    # --- remarks ---------------------------------------------------------------------------------

    async def remark(
        self, person: Person, key: str, remark: Remark, *, look_first: bool, sleep: Sleep
    ) -> None:
        """Tell a notice that has no row; after an hour it is no news any more."""
        begun = self._clock.now()

        async def attempt(look: bool) -> None:
            if self._clock.now() - begun > REMARK_AGE:
                log.warning("notice_given_up", notice=kind_of(remark))
                return
            try:
                if not look or await self._messenger.find(person, key, None) is None:
                    await self._messenger.send(person, remark, key)
            except MessageRefused as error:
                log.warning("notice_refused", notice=kind_of(remark), reason=error.reason)
                if isinstance(error, PersonUnreachable):
                    await self._unreachable(person, error.reason)
            else:
                await self._reached(person)

        await self._see_through(attempt, sleep, look_first=look_first, key=key)

    # --- both ------------------------------------------------------------------------------------

    async def _see_through(
        self, attempt: Attempt, sleep: Sleep, *, look_first: bool, key: str
    ) -> bool:
        """Try until it is done; whether it was, or else set aside as a defect of ours."""
        tries = defects = 0
        if look_first:
            await sleep(LANDING_SECONDS)
        while defects < DEFECTS:
            tries += 1
            try:
                await attempt(look_first)
            except MessageDelayed as error:
                wait = error.seconds
            except MessageUnsure:
                look_first, wait = True, max(LANDING_SECONDS, retry_seconds(tries))
            except (MessageError, StoreUnavailable):
                wait = RETRY_SECONDS
            except Exception:
                log.exception("delivery_failed", notice=key)
                look_first, wait, defects = True, retry_seconds(tries), defects + 1
            else:
                return True
            await sleep(wait)
        log.error("notice_set_aside", notice=key)
        return False
