"""The surfaces in Slack that show a person's state, and the people for whom it has changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from slackbot.domain.model import Epoch, Person, SessionId, TeamId
from slackbot.domain.ports import Posted


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The Home that a person has opened. They need not be linked."""

    person: Person
    opened_at: datetime
    view_hash: str | None = None  # Slack's hash of the view that was published last


class CardKind(StrEnum):
    """The state that a card shows."""

    WAITING = "waiting"  # available in a session
    LOGIN_REFUSED = "login_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class StateCard:
    """A direct message that shows a state, until it is edited because the state has ended."""

    person: Person
    person_epoch: Epoch
    posted: Posted
    kind: CardKind
    since: datetime
    session_id: SessionId | None = None
    session_title: str = ""


@dataclass(frozen=True, slots=True)
class Surfaces:
    """What a person has of surfaces that show a state."""

    home: Home | None = None
    cards: tuple[StateCard, ...] = ()


NO_SURFACES = Surfaces()


class Changes(Protocol):
    """Collects the people whose surfaces have to be drawn again. Called after each write."""

    def add(self, person: Person, deleted: Surfaces = NO_SURFACES) -> None:
        """Add a person. `deleted` are the surfaces whose rows were deleted with the person."""


class SurfaceStore(Protocol):
    """Stores for whom Home is open, and which cards show a state."""

    async def open_home(self, home: Home) -> None:
        """Record that the person has opened their Home, or pressed a button in it."""

    async def save_hash(self, person: Person, view_hash: str) -> None:
        """Record the hash of the view that was published. Do nothing if Home is not open."""

    async def get_home(self, person: Person) -> Home | None:
        """Return the person's Home."""

    async def get_many(
        self, people: Sequence[Person], opened_since: datetime
    ) -> Mapping[Person, Surfaces]:
        """Return the open Homes of these people, and those of their cards whose state has ended."""

    async def add_card(self, card: StateCard) -> None:
        """Add or replace a card.

        Raises:
            NotLinked: The person has been deleted since the card's epoch began.
        """

    async def get_card(self, person: Person, posted: Posted) -> StateCard | None:
        """Return the card at this place."""

    async def remove_card(
        self, person: Person, posted: Posted, since: datetime | None = None
    ) -> None:
        """Delete the card at this place, of this state only if `since` is given."""

    async def list_untrue(self, team: TeamId) -> list[Person]:
        """Return the people with a card whose state has ended."""

    async def close_homes(self, team: TeamId, before: datetime) -> int:
        """Delete the Homes that were opened before this time."""
