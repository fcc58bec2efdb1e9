"""Protocols of the repositories, each of which stores one aggregate."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from slackbot.domain.calls import CallLink, Visit
from slackbot.domain.contacts import ContactStore, OtherLinkStore, ReportStore
from slackbot.domain.departures import DepartureStore
from slackbot.domain.meetings import CallVisit
from slackbot.domain.model import (
    Availability,
    Epoch,
    EventSlug,
    Link,
    Match,
    MatchId,
    MatchReport,
    Partner,
    Person,
    SessionId,
    State,
    TeamId,
)
from slackbot.domain.notices import Backlog
from slackbot.domain.plans import PlanStore, RecapStore
from slackbot.domain.ports import PendingMatch, Posted
from slackbot.domain.preferences import PreferenceStore
from slackbot.domain.snoozes import Snooze, SnoozeStore
from slackbot.domain.surfaces import SurfaceStore
from slackbot.domain.workers import FailoverStore


class DmChannelStore(Protocol):
    """The Slack channels of direct messages with people. May raise `StoreUnavailable`."""

    async def get(self, person: Person) -> str | None:
        """Return the id of the person's Slack channel, or None if it is unknown."""

    async def save(self, person: Person, channel: str) -> None:
        """Save the channel with the person's link. Do nothing if there is no link."""


class StoreUnavailable(Exception):
    """The database is not responding. A change may or may not have been made.

    This is not a `SlackbotError` because people see it as an internal error.
    """


class LinkStore(Protocol):
    """Links between Slack users and their Accelevents accounts."""

    async def get(self, person: Person, *, fresh: bool = False) -> Link | None:
        """Return the person's link. It may be a few seconds old unless `fresh` is set."""

    async def get_many(self, people: Sequence[Person]) -> Mapping[Person, Link | None]:
        """Return the current links of these people. The value is None or missing without a link."""

    async def list_expiring(self, team: TeamId, after: datetime, until: datetime) -> list[Link]:
        """Return the links that are not refused and expire within this time."""

    async def save(self, link: Link) -> None:
        """Make this link the active one, and delete an availability of another event or account.

        Raises:
            NotLinked: The person has been deleted since the link's epoch began.
        """

    async def mark_refused(self, link: Link, at: datetime) -> bool:
        """Record that the link's token was rejected. Return True for the first call only.

        A link that has replaced this one is not changed.
        """

    async def set_unreachable(self, person: Person, reason: str | None) -> None:
        """Record why Slack rejects messages to the person, or None if it accepts them again."""

    async def mark_used(self, link: Link, at: datetime) -> None:
        """Record when the link was last used. A link that has replaced this one is not changed."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A person who was deleted."""

    epoch: Epoch
    linked: bool  # False if they had not finished connecting


class PeopleStore(Protocol):
    """The known workspaces and people. Deleting one also deletes all of its data."""

    async def enter_workspace(self, team: TeamId, at: datetime) -> TeamId:
        """Add the workspace unless it is known, and return the store's workspace."""

    async def enter(self, person: Person, epoch: Epoch, at: datetime) -> Epoch:
        """Add the person with this epoch unless they are known, and return their epoch.

        Raises `NotLinked` if the workspace is unknown because it removed the app.
        """

    async def forget(self, person: Person, until: datetime | None = None) -> Forgotten | None:
        """Delete the person unless they connected after `until`."""

    async def forget_workspace(self, team: TeamId, until: datetime | None = None) -> list[Epoch]:
        """Delete the workspace and its people, except those who connected after `until`.

        Returns:
            The epochs of the people who were deleted.
        """

    async def delete_unlinked(self, team: TeamId, before: datetime) -> int:
        """Delete people who began to connect before this time and never finished."""

    async def known_epochs(self, team: TeamId, epochs: Collection[Epoch]) -> set[Epoch]:
        """Return those of the epochs that belong to a person of the workspace."""


class AvailabilityStore(Protocol):
    """Availabilities, at most one per person."""

    async def get(self, person: Person) -> Availability | None:
        """Return the person's availability."""

    async def list_all(self, team: TeamId) -> list[Availability]:
        """Return the availabilities of the workspace, oldest first."""

    async def session_title(self, person: Person, event: EventSlug, session_id: SessionId) -> str:
        """Return the session's title from a recent availability, or "" if there is none."""

    async def save(self, availability: Availability) -> None:
        """Insert or replace an availability. Keep the baseline of the same session if it has none.

        Raises:
            NotLinked: The person has been deleted since the availability's epoch began.
        """

    async def resume(self, snooze: Snooze, availability: Availability) -> bool:
        """Save an availability with which a pause ends, and mark the pause as ended.

        Return False, and save nothing, if the pause does not exist any more or has ended.
        """

    async def record_reactions(self, reactions: Mapping[Person, datetime]) -> None:
        """Record when these people last pressed or typed something, as far as they are available.

        A power cut may undo this.
        """

    async def list_unanswered(self, team: TeamId, now: datetime, count: int) -> list[Availability]:
        """Return the availabilities with `count` matches that are over and had no reaction.

        They were sent, came over the socket, and followed the person's last reaction.
        """

    async def set_session_end(
        self, team: TeamId, event: EventSlug, session_id: SessionId, ends_at: datetime
    ) -> int:
        """Correct when a session ends, in the availabilities there. Return how many it changed."""

    async def set_state(self, person: Person, session_id: SessionId, state: State) -> bool:
        """Change the state. Return False if the person is no longer available in this session."""

    async def save_confirmed(self, availability: Availability) -> None:
        """Store whether the platform has confirmed this availability, unless it has ended."""

    async def end(self, person: Person) -> bool:
        """Delete the person's availability. Return True if this call deleted it."""


class MatchStore(Protocol):
    """Matches and the outcomes of their notices."""

    async def add(self, match: Match) -> bool:
        """Add a match. Return False if its id, or its partner and ordinal, already exists.

        Unless its source is BEFORE, the person's availability in the session is set to IN_MEETING
        in the same transaction.

        Raises:
            NotLinked: The person has been deleted since the match's epoch began.
        """

    async def add_baseline(
        self, availability: Availability, matches: Sequence[Match], at: datetime
    ) -> bool:
        """Add the matches of an availability's baseline, and record when it was read.

        Return False without adding any if the availability has a baseline or has ended.
        """

    async def enrich(self, person: Person, match_id: MatchId, report: MatchReport) -> None:
        """Fill empty columns from a later report. Existing values are kept."""

    async def get(self, person: Person, key: MatchId | Posted) -> Match | None:
        """Return the match by id with its call, or by message without its call."""

    async def list_for(
        self, person: Person, event: EventSlug | None, session_id: SessionId | None = None
    ) -> list[Match]:
        """Return the matches at all events, at one or in a session, newest first, without calls."""

    async def list_with(
        self, person: Person, event: EventSlug, session_id: SessionId, partner: Partner
    ) -> list[Match]:
        """Like `list_for`, but return at least all matches that may be with this partner."""

    async def record_outcome(
        self, person: Person, match_id: MatchId, outcome: str, posted: Posted | None, at: datetime
    ) -> None:
        """Record the outcome of the match's notice. Later outcomes are ignored."""

    async def list_pending(self, team: TeamId) -> list[PendingMatch]:
        """Return the matches whose notices have no outcome yet, oldest first."""

    async def backlog(self, team: TeamId) -> Backlog:
        """Count the pending matches. The cost depends only on the number of pending matches."""

    async def list_rounds_over(
        self, team: TeamId, now: datetime, after: MatchId | None = None
    ) -> list[tuple[Person, MatchId]]:
        """Return sent matches whose round has ended but whose message has not been edited yet.

        Return at most a few hundred matches, oldest first, that follow the match `after`. Answered
        and late matches are excluded.
        """

    async def mark_round_over(self, person: Person, match_id: MatchId, at: datetime) -> None:
        """Record that the message was edited for the end of the round, or need not be edited."""

    async def mark_answered(self, person: Person, posted: Posted, answer: str) -> None:
        """Record which button of a match's message was clicked. Later clicks are ignored."""


class CounterpartStore(Protocol):
    """Matches as both of their people see them, and those that one of them can't make."""

    async def find(self, match: Match, partner: Person) -> Match | None:
        """Return the same pairing as the partner sees it, or None if they do not have it.

        It is recognised by the Chime meeting, or else by both account ids.
        """

    async def set_declined(self, match: Match, at: datetime | None) -> bool:
        """Record that the person can't make it, or can after all if `at` is None.

        Return False if the match has changed in this regard since it was read.
        """


class CallLinkStore(Protocol):
    """Links to calls, and the deletion of closed calls' details."""

    async def add(self, link: CallLink) -> None:
        """Add a link. Earlier links remain valid. Raises `NotLinked` if the match was deleted."""

    async def replace(self, link: CallLink) -> None:
        """Add a link and revoke earlier links to the same call. Raises like `add`."""

    async def get(self, team: TeamId, id_digest: str) -> CallLink | None:
        """Return the link whose id has this digest."""

    async def bind(self, team: TeamId, id_digest: str, browser_digest: str, at: datetime) -> bool:
        """Bind a valid link to a browser. Return True for the first browser only."""

    async def mark_opened(self, person: Person, match_id: MatchId, at: datetime) -> None:
        """Record the first time that the button with the link was clicked."""

    async def record_visit(self, team: TeamId, id_digest: str, visit: Visit, at: datetime) -> None:
        """Record the first time that the person joined, or the last time that they left."""

    async def end_calls(self, team: TeamId, now: datetime) -> int:
        """Delete the details of closed calls, and return the number of calls."""


class TalkStore(Protocol):
    """What became of matches: the calls that people joined, and what they say."""

    async def visits(self, person: Person) -> Mapping[MatchId, CallVisit]:
        """Return the person's visits to the calls that they had a link to."""

    async def record(self, person: Person, match_id: MatchId, talked: bool | None) -> None:
        """Record whether the person says that they have talked, or None if they take it back."""


class WelcomeStore(Protocol):
    """The people who were welcomed."""

    async def claim(self, person: Person, at: datetime) -> bool:
        """Record that the person is welcomed. Return True for the first call only."""

    async def release(self, person: Person) -> None:
        """Record that the person was not welcomed after all."""


class EventStore(Protocol):
    """Slack events that have already been handled."""

    async def record(self, team: TeamId, event_id: str, at: datetime) -> bool:
        """Record an event. Return True if it is new."""


class DiaryStore(Protocol):
    """What a person plans, and what they have had."""

    @property
    def talks(self) -> TalkStore: ...
    @property
    def plans(self) -> PlanStore: ...
    @property
    def recaps(self) -> RecapStore: ...


class PersonalStore(Protocol):
    """What people have set, and said about their pauses and rounds."""

    @property
    def preferences(self) -> PreferenceStore: ...
    @property
    def snoozes(self) -> SnoozeStore: ...
    @property
    def counterparts(self) -> CounterpartStore: ...


class Store(DiaryStore, PersonalStore, Protocol):
    """All stored data, grouped by aggregate.

    Every method identifies the workspace by a person or a team, and may raise
    `StoreUnavailable` after several seconds of retries.
    """

    @property
    def links(self) -> LinkStore: ...
    @property
    def other_links(self) -> OtherLinkStore: ...
    @property
    def people(self) -> PeopleStore: ...
    @property
    def availabilities(self) -> AvailabilityStore: ...
    @property
    def departures(self) -> DepartureStore: ...
    @property
    def matches(self) -> MatchStore: ...
    @property
    def call_links(self) -> CallLinkStore: ...
    @property
    def contacts(self) -> ContactStore: ...
    @property
    def reports(self) -> ReportStore: ...
    @property
    def surfaces(self) -> SurfaceStore: ...
    @property
    def welcomes(self) -> WelcomeStore: ...
    @property
    def events(self) -> EventStore: ...
    @property
    def failovers(self) -> FailoverStore: ...
