"""A feed that came back: whether availability outlives that is not known, so it is said again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from slackbot.domain.errors import Refusal, TokenRefused, Unavailable
from slackbot.domain.model import AttendeeStatus, Availability, Link, Person, State
from slackbot.domain.ports import Platform, Store
from slackbot.services.accounts import Accounts

log = structlog.get_logger(__name__)

Lost = Callable[[Availability, Refusal], Awaitable[None]]


class StatusReannouncer:
    """Remembers for whom it is still to be said that they are available."""

    def __init__(self, *, accounts: Accounts, platform: Platform, store: Store, lost: Lost) -> None:
        """`lost` is called for a wish that the platform no longer takes."""
        self._accounts = accounts
        self._platform = platform
        self._store = store
        self._lost = lost
        self._owed: set[Person] = set()

    def owe(self, person: Person) -> None:
        """Their feed came back, and nobody has said so to the platform."""
        self._owed.add(person)

    def owes(self, person: Person) -> bool:
        """Whether that is still to be said for them."""
        return person in self._owed

    def forget(self, person: Person) -> None:
        """It is not to be said any more, or not by us."""
        self._owed.discard(person)

    async def say(self, link: Link) -> None:
        """Say it, where their wish still stands.

        Raises:
            TokenRefused: nothing can be said with this link.
        """
        person, availability = link.person, await self._store.availabilities.get(link.person)
        self.forget(person)
        if availability is None or availability.state is not State.AVAILABLE:
            return
        try:
            await self._platform.set_status(link, availability.session_id, AttendeeStatus.AVAILABLE)
        except TokenRefused:
            raise
        except Refusal as error:
            await self._lost(availability, error)
        except Unavailable as error:
            log.info("available_unconfirmed", reason=error.code)
            self.owe(person)
        else:
            await self._take_back(link, availability)

    async def _take_back(self, link: Link, said: Availability) -> None:
        """Another process may have ended the wish just while we said that it stands."""
        current = await self._store.availabilities.get(link.person)
        if current is None or current.session_id != said.session_id:
            await self._accounts.leave(link, said)
