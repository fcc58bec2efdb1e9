"""What a person is told without having asked, and how often it is tried."""

from __future__ import annotations

import structlog

from slackbot.domain.errors import MessageDelayed, MessageError, MessageRefused
from slackbot.domain.model import MatchId, Person
from slackbot.domain.ports import (
    Clock,
    MatchFound,
    Messenger,
    Notice,
    Posted,
    Store,
    StoreUnavailable,
)
from slackbot.services.background import Background
from slackbot.telemetry import NOTICES

log = structlog.get_logger(__name__)

TOLD = "told"
RETRY_SECONDS = 2.0
RETRY_CAP_SECONDS = 60.0
TRIES_OF_A_REMARK = 5
"""A notice that is not a match is given up after so many tries: it stands in the status too."""


def retry_seconds(tries: int) -> float:
    """How long to wait after so many failed tries."""
    return float(min(RETRY_SECONDS * 2.0 ** min(tries - 1, 10), RETRY_CAP_SECONDS))


class Notices:
    """Sends notices. Those of matches are settled in their row, so that they are told once."""

    def __init__(
        self, *, store: Store, messenger: Messenger, clock: Clock, background: Background
    ) -> None:
        self._store = store
        self._messenger = messenger
        self._clock = clock
        self._background = background

    async def attempt(self, person: Person, match_id: MatchId, tries: int) -> float | None:
        """Try once to tell a match.

        Returns:
            None when the notice is settled, else the seconds until it should be tried again.
        """
        try:
            match = await self._store.match(person, match_id)
        except StoreUnavailable:
            return RETRY_SECONDS
        if match is None or match.settled_at is not None:
            return None
        try:
            posted = await self._messenger.tell(person, MatchFound(match))
        except MessageRefused as error:
            await self._settle(person, match_id, error.reason, None)
            NOTICES.labels(outcome="refused").inc()
            log.warning("notice_refused", match=match_id, reason=error.reason)
            return None
        except MessageError as error:
            return self._wait(error, tries)
        await self._settle(person, match_id, TOLD, posted)
        NOTICES.labels(outcome=TOLD).inc()
        return None

    async def _settle(
        self, person: Person, match_id: MatchId, outcome: str, posted: Posted | None
    ) -> None:
        """Write the end down, trying until it stands there: to send again would tell it twice."""
        at, tries = self._clock.now(), 1
        while True:
            try:
                return await self._store.settle(person, match_id, outcome, posted, at)
            except Exception:
                log.exception("notice_not_settled", match=match_id)
            await self._clock.sleep(retry_seconds(tries))
            tries += 1

    def tell(self, person: Person, notice: Notice) -> None:
        """Send a notice that has no row, in the background."""
        self._background.start(self._tell(person, notice), "tell")

    async def _tell(self, person: Person, notice: Notice) -> None:
        for tries in range(1, TRIES_OF_A_REMARK + 1):
            try:
                await self._messenger.tell(person, notice)
            except MessageRefused as error:
                log.warning("notice_refused", notice=type(notice).__name__, reason=error.reason)
                return
            except MessageError as error:
                await self._clock.sleep(self._wait(error, tries))
            else:
                return
        log.warning("notice_given_up", notice=type(notice).__name__)

    @staticmethod
    def _wait(error: MessageError, tries: int) -> float:
        if isinstance(error, MessageDelayed):
            return error.seconds
        return retry_seconds(tries)
