"""What the services need of the outside, as protocols. Real parts are built in `wiring.py`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pydantic import SecretStr

from slackbot.domain.calls import CallLink, Visit
from slackbot.domain.model import (
    AttendeeStatus,
    AuthScheme,
    Availability,
    EventSlug,
    FeedHealth,
    Grant,
    Link,
    Match,
    MatchId,
    MatchReport,
    Partner,
    Person,
    Session,
    SessionId,
    SessionScope,
    State,
    TeamId,
)
from slackbot.domain.notices import Backlog, Notice, Remark


class Clock(Protocol):
    """The time, and waiting."""

    def now(self) -> datetime:
        """The time in UTC, with its zone."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds."""
        ...


class Platform(Protocol):
    """Accelevents over HTTP. Every method may raise a `PlatformError`."""

    async def redeem(self, event: EventSlug, user_key: str) -> Grant:
        """Exchange a magic link's user key, which works once, for a token."""
        ...

    async def check(self, event: EventSlug, token: SecretStr) -> AuthScheme:
        """Try the token on the event; tells how it must be sent."""
        ...

    async def sessions(self, link: Link, scope: SessionScope) -> list[Session]:
        """All networking sessions of the scope as the platform sees it, every page.

        LIVE gives those live now, PAST those over, UPCOMING everything that is not filtered out.
        Callers decide by the times (`rules.phase`) what is what.
        """
        ...

    async def registered_sessions(self, link: Link) -> list[Session]:
        """The person's own sessions of the event, in any phase."""
        ...

    async def join(self, link: Link, session_id: SessionId) -> None:
        """Register for a live session. Joining again is harmless. Never repeated blindly."""
        ...

    async def set_status(self, link: Link, session_id: SessionId, status: AttendeeStatus) -> None:
        """Say what the attendee does in the session. Never repeated blindly."""
        ...

    async def matches(self, link: Link, session_id: SessionId) -> list[MatchReport]:
        """The platform's own list of the person's matches in the session."""
        ...


class FeedListener(Protocol):
    """What a feed calls. None of these raises."""

    async def matched(self, person: Person, event: EventSlug, seen: Sequence[MatchReport]) -> None:
        """The socket told of matches."""
        ...

    async def connected(self, person: Person) -> None:
        """The feed is up, for the first time or again."""
        ...

    async def disconnected(self, person: Person, failure: str) -> None:
        """The feed went down or an attempt failed; `failure` is one word."""
        ...


class MatchFeed(Protocol):
    """The Socket.IO connections, one for each person who may be matched."""

    def open(self, link: Link, session_id: SessionId) -> None:
        """Connect and stay connected until closed. Calling it again with the same is harmless."""
        ...

    async def wait_connected(self, person: Person, seconds: float) -> bool:
        """Whether the feed is up, waiting for it at most so long."""
        ...

    def health(self, person: Person) -> FeedHealth | None:
        """How the feed is, or None when there is none."""
        ...

    async def close(self, person: Person) -> None:
        """Disconnect; harmless when there is no feed."""
        ...


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a message stands in Slack."""

    channel: str
    ts: str


class Messenger(Protocol):
    """Direct messages to people."""

    async def send(self, person: Person, notice: Notice, key: str | None = None) -> Posted:
        """Post the notice as a direct message, with the key by which `find` knows it again.

        A match brings its key itself.

        Raises:
            PersonUnreachable: final, and so will every other message to the person be.
            MessageRefused: final, as plain text too.
            MessageDelayed: not taken, may be sent again later.
            MessageUnsure: Slack may or may not have taken it.
        """
        ...

    async def edit(self, person: Person, posted: Posted, notice: Notice) -> None:
        """Put a notice in the place of a message that was told. Twice is as once.

        Raises:
            MessageError: as `send`.
        """
        ...

    async def find(self, person: Person, key: str, since: datetime | None) -> Posted | None:
        """The message with this key among the person's latest direct messages of ours.

        Raises:
            MessageDelayed: they cannot be read now.
            MessageRefused: they never can.
        """
        ...


class Channels(Protocol):
    """Where a person's direct message with the bot is, kept for longer than the process lives.

    Each may raise `StoreUnavailable`.
    """

    async def channel(self, person: Person) -> str | None:
        """Slack's id of it; None where it is not known."""
        ...

    async def remember_channel(self, person: Person, channel: str) -> None:
        """Keep it with the person's link. Of somebody without a link nothing is kept."""
        ...


CallOffer = Callable[[Match], Awaitable[str | None]]
"""Where a person can enter the call of a match, an address made for them alone; None is nowhere.

Asking again makes another one, and the first goes on working. Never raises.
"""


class Delivery(Protocol):
    """Sees to it that a notice is told once, whatever happens to the process meanwhile."""

    async def submit(self, person: Person, match_id: MatchId, *, fresh: bool) -> None:
        """Take over a stored match whose notice is not settled. Harmless when repeated.

        `fresh` says that nobody can have told it yet: it was stored just now, by us. Else the
        person's direct messages are looked through before anything is sent.
        """
        ...

    async def finish(self, person: Person, match_id: MatchId) -> None:
        """Take over the end of a told match's round. Harmless when repeated."""
        ...

    async def remark(self, person: Person, key: str, remark: Remark) -> None:
        """Take over a notice that has no row; the same key is told once."""
        ...


class StoreUnavailable(Exception):
    """What is kept cannot be reached. A change may have been made or not.

    No `SlackbotError`: there is nothing to tell a person but that it went wrong on our side.
    """


class Store(Protocol):
    """What is kept. Every method names the workspace, by a person or by a team.

    Each may raise `StoreUnavailable`, after some seconds of trying.
    """

    async def link(self, person: Person, *, fresh: bool = False) -> Link | None:
        """The person's link; `fresh` is as it is now, not as it was some seconds ago."""
        ...

    async def links(self, people: Sequence[Person]) -> Mapping[Person, Link | None]:
        """The links of many, as they are now; who has none is missing or None."""
        ...

    async def save_link(self, link: Link) -> None: ...
    async def mark_refused(self, person: Person, at: datetime) -> bool:
        """Note that the token is no longer taken; True only for the first to note it."""
        ...

    async def set_auth_scheme(self, person: Person, scheme: AuthScheme) -> None: ...
    async def forget(self, person: Person) -> bool:
        """Delete all rows of the person; whether there was a link."""
        ...

    async def forget_workspace(self, team: TeamId) -> None: ...

    async def availability(self, person: Person) -> Availability | None: ...
    async def session_title(self, person: Person, event: EventSlug, session_id: SessionId) -> str:
        """As in the person's wish for it, or in another one's of late; "" when none tells."""
        ...

    async def save_availability(self, availability: Availability) -> None: ...
    async def set_state(self, person: Person, session_id: SessionId, state: State) -> bool:
        """Change the state of a wish that still stands for this session; False when none does."""
        ...

    async def end_availability(self, person: Person) -> bool:
        """Delete the wish; True only for the one that deleted it."""
        ...

    async def availabilities(self, team: TeamId) -> list[Availability]: ...

    async def add_match(self, match: Match) -> bool:
        """Store a match; False when its id, or its (partner, ordinal), is there already.

        Unless it was over before, the person's wish for its session is fulfilled with it.
        """
        ...

    async def enrich_match(self, person: Person, match_id: MatchId, seen: MatchReport) -> None:
        """Add what a later telling knows more: call details, meeting digest, raw time.

        Fills only what is empty; a call is never replaced.
        """
        ...

    async def match(self, person: Person, match_id: MatchId) -> Match | None: ...
    async def matches(
        self, person: Person, event: EventSlug, session_id: SessionId | None = None
    ) -> list[Match]:
        """The person's matches at the event, newest first, of one session where given."""
        ...

    async def matches_with(
        self, person: Person, event: EventSlug, session_id: SessionId, partner: Partner
    ) -> list[Match]:
        """All of the session that may be with this partner, newest first; others perhaps too."""
        ...

    async def record_outcome(
        self, person: Person, match_id: MatchId, outcome: str, posted: Posted | None, at: datetime
    ) -> None: ...
    async def pending_matches(self, team: TeamId) -> list[tuple[Person, MatchId]]: ...
    async def backlog(self, team: TeamId) -> Backlog:
        """How many those are, and since when the oldest waits; cheap however many were told."""
        ...

    async def mark_reachable(self, person: Person, unreachable: str | None) -> None:
        """Note why Slack takes no message to the person, or that it does again (None)."""
        ...

    async def rounds_over(self, team: TeamId, now: datetime) -> list[tuple[Person, MatchId]]:
        """Told matches whose round has ended and whose message does not say so yet, oldest first.

        Neither those that were answered nor those told late; some hundred at most.
        """
        ...

    async def mark_over(self, person: Person, match_id: MatchId, at: datetime) -> None:
        """Note that the message says that the round is over, or never will."""
        ...

    async def mark_answered(self, person: Person, posted: Posted, answer: str) -> None:
        """Note which button of a match's message was pressed; the first answer stays."""
        ...

    async def record_event(self, team: TeamId, event_id: str, at: datetime) -> bool:
        """Whether this Slack event is seen for the first time."""
        ...

    async def add_call_link(self, link: CallLink) -> None: ...
    async def replace_call_links(self, link: CallLink) -> None:
        """The same, and every earlier link of the person to the match's call is revoked."""
        ...

    async def call_link(self, team: TeamId, id_digest: str) -> CallLink | None: ...
    async def bind_call_link(
        self, team: TeamId, id_digest: str, browser_digest: str, at: datetime
    ) -> bool:
        """Bind the link to a browser; of all who try only the first one does."""
        ...

    async def note_opened(self, person: Person, match_id: MatchId, at: datetime) -> None:
        """Note that the button with the link was pressed; the first time stays."""
        ...

    async def note_visit(self, team: TeamId, id_digest: str, visit: Visit, at: datetime) -> None:
        """Note that the call was joined (the first time stays) or left (the last one does)."""
        ...

    async def end_call(self, person: Person, match_id: MatchId, at: datetime) -> None:
        """Delete the call's details; no link leads there any more."""
        ...

    async def end_calls(self, team: TeamId, now: datetime) -> int:
        """The same for every call of the workspace that is closed by now; how many there were."""
        ...
