"""What people did, what the bot sent, and what was so at each minute of a day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from slackbot.domain.model import MatchId, Person, SessionId
from slackbot.domain.notices import Notice

from .platform import Pairing, Profile
from .programme import Slot


@dataclass(frozen=True)
class Setting:
    """What a person has set for the notices to them, as they see it."""

    zone: str = "UTC"
    reminder_minutes: int = 10
    quiet: tuple[int, int] | None = None  # minutes after midnight of the person's day
    off: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Act:
    """A thing that a person did in Slack. It may have been refused."""

    at: datetime
    person: Person
    name: str
    session: SessionId | None = None
    done: bool = True
    until: datetime | None = None  # of a pause that ends by itself
    setting: Setting | None = None


@dataclass(frozen=True)
class Sent:
    """A message of the bot that rings. `key` is the one under which it is sent once."""

    at: datetime
    person: Person
    notice: Notice
    key: str | None = None


@dataclass(frozen=True)
class Answer:
    """A yes or no of a person about a partner. It is `agreed` if both have said yes by then."""

    at: datetime
    person: Person
    partner: Person
    wanted: bool
    match_id: MatchId
    agreed: bool


@dataclass(frozen=True)
class Minute:
    """Who is available at one moment, as the bot has stored it and as the platform has it."""

    at: datetime
    bot: Mapping[Person, SessionId]
    platform: Mapping[Person, SessionId]


@dataclass
class Journal:
    """A day, as everybody outside of the bot saw it."""

    slots: dict[SessionId, Slot]

    @property
    def ends_at(self) -> datetime:
        """When the last session ends."""
        final = [slot.final for slot in self.slots.values()]
        return max(times.ends_at for times in final if not times.is_cancelled)

    profiles: dict[Person, Profile] = field(default_factory=dict)
    acts: list[Act] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    minutes: list[Minute] = field(default_factory=list)
    pairings: list[Pairing] = field(default_factory=list)
    # When people registered with the platform for a session, or took it back.
    registrations: list[tuple[datetime, Person, SessionId, bool]] = field(default_factory=list)
    # What people saw when they looked whom they can be asked about, and at the end of a round.
    seen: defaultdict[Person, list[str]] = field(default_factory=lambda: defaultdict(list))
    # From when the platform refuses a person's login.
    expires: dict[Person, datetime] = field(default_factory=dict)
    # All rows at the end, by table, each with its columns.
    stored: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    # Errors that no service should have had.
    failures: list[str] = field(default_factory=list)
