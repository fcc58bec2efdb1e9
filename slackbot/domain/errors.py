"""Everything that can go wrong for a person, as a tree.

    SlackbotError
    ├── InputError            what was typed cannot be used; said at its field
    │   ├── BadEventLink · BadCredential
    ├── NotLinked             no account connected yet
    ├── NoSuchSession · AmbiguousSession · NothingLive
    ├── PlatformError         Accelevents' side
    │   ├── Refusal           it answered: no
    │   │   ├── EventNotFound · SessionNotFound · SessionFull · SessionNotLive
    │   │   ├── TicketNotPermitted · TicketLimitReached · NotRegistered
    │   │   ├── TokenRefused · AccountLocked · AccountNotFound · DuplicateAccount
    │   │   ├── MagicLinkInvalid · MagicLinkUsed · MeetingNotCreated
    │   │   └── Forbidden · Rejected
    │   └── Unavailable       it did not answer properly; may be tried again
    │       ├── TimedOut · Unreachable · RateLimited · ServerFailed · Unreadable
    └── MessageError          Slack's side, when a message is sent
        ├── MessageRefused    final: not acceptable
        │   ├── ContentRefused    plainer content may be taken
        │   └── PersonUnreachable the person is gone or the bot is blocked
        └── MessageDelayed · MessageUnsure

Each class has a `code` (a stable word for logs and words), `retry` (may the same call help a
little later) and `next_step` (what the button beside the sentence does).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import ClassVar

from slackbot.domain.model import Session


class NextStep(StrEnum):
    """What helps: the button beside an error's sentence does this."""

    CONNECT = "connect"
    RECONNECT = "reconnect"
    TRY_AGAIN = "try_again"
    PICK_SESSION = "pick_session"
    UPCOMING = "upcoming"
    OPEN_HUB = "open_hub"
    HELP = "help"


class SlackbotError(Exception):
    """Root of the tree; never raised itself."""

    code: ClassVar[str]
    retry: ClassVar[bool] = False
    next_step: ClassVar[NextStep] = NextStep.HELP


class InputError(SlackbotError):
    """What was typed into a form cannot be used."""


class BadEventLink(InputError):
    """Neither an event link nor a slug."""

    code = "bad_event_link"


class BadCredential(InputError):
    """Neither an access token nor a magic link."""

    code = "bad_credential"


class NotLinked(SlackbotError):
    """The person has not connected an account."""

    code = "not_linked"
    next_step = NextStep.CONNECT


class NoSuchSession(SlackbotError):
    """No session has this id or these words in its title."""

    code = "no_such_session"
    next_step = NextStep.PICK_SESSION

    def __init__(self, query: str) -> None:
        super().__init__()
        self.query = query


class AmbiguousSession(SlackbotError):
    """Several sessions fit; `candidates` are offered for a choice."""

    code = "ambiguous_session"
    next_step = NextStep.PICK_SESSION

    def __init__(self, candidates: Sequence[Session]) -> None:
        super().__init__()
        self.candidates = tuple(candidates)


class NothingLive(SlackbotError):
    """No session is live, so there is none to choose without being named."""

    code = "nothing_live"
    next_step = NextStep.UPCOMING


class PlatformError(SlackbotError):
    """Accelevents' side. `status` is the HTTP status when there was an answer."""

    def __init__(self, *, status: int | None = None, permitted: int | None = None) -> None:
        super().__init__(self.code)
        self.status = status
        self.permitted = permitted
        """How many sessions a ticket permits, where the platform says so."""
        self.session: Session | None = None
        """The session it was about, where a service knows it."""


class Refusal(PlatformError):
    """The platform understood and said no; the same call will not help."""


class EventNotFound(Refusal):
    """4040200."""

    code = "event_not_found"
    next_step = NextStep.RECONNECT


class SessionNotFound(Refusal):
    """404800, or "Session not found!"."""

    code = "session_not_found"
    next_step = NextStep.PICK_SESSION


class SessionFull(Refusal):
    """406, "Max user registration capacity reached"."""

    code = "session_full"
    next_step = NextStep.TRY_AGAIN


class SessionNotLive(Refusal):
    """4072002 or 4072003, "The time limit for accessing this session is expired."."""

    code = "session_not_live"
    next_step = NextStep.PICK_SESSION


class TicketNotPermitted(Refusal):
    """4042005, or 406 "Your ticket does not permit access to this session"."""

    code = "ticket_not_permitted"
    next_step = NextStep.PICK_SESSION


class TicketLimitReached(Refusal):
    """406, "Your registration type only permits registering for N sessions. …"."""

    code = "ticket_limit_reached"
    next_step = NextStep.OPEN_HUB


class NotRegistered(Refusal):
    """4068910: not registered for the event."""

    code = "not_registered"
    next_step = NextStep.OPEN_HUB


class TokenRefused(Refusal):
    """4010101 on any call with a token: expired or withdrawn."""

    code = "token_refused"
    next_step = NextStep.RECONNECT


class AccountLocked(Refusal):
    """4010102: locked for 30 minutes."""

    code = "account_locked"
    next_step = NextStep.TRY_AGAIN


class AccountNotFound(Refusal):
    """4040100: the login knows no such person."""

    code = "account_not_found"
    next_step = NextStep.RECONNECT


class DuplicateAccount(Refusal):
    """406 at login: more than one user with the same e-mail address."""

    code = "duplicate_account"
    next_step = NextStep.RECONNECT


class MagicLinkInvalid(Refusal):
    """4010101 at the magic link's login."""

    code = "magic_link_invalid"
    next_step = NextStep.RECONNECT


class MagicLinkUsed(Refusal):
    """4068006: expired, or used already."""

    code = "magic_link_used"
    next_step = NextStep.RECONNECT


class MeetingNotCreated(Refusal):
    """40600013, "Cant create url": the platform could not make the meeting."""

    code = "meeting_not_created"
    retry = True
    next_step = NextStep.TRY_AGAIN


class Forbidden(Refusal):
    """403: the account may not do this."""

    code = "forbidden"
    next_step = NextStep.OPEN_HUB


class Rejected(Refusal):
    """Any other 4xx."""

    code = "rejected"
    next_step = NextStep.OPEN_HUB


class Unavailable(PlatformError):
    """The platform gave no proper answer; nothing is known to have changed."""

    retry = True
    next_step = NextStep.TRY_AGAIN


class TimedOut(Unavailable):
    """No answer in time. A join, a status change or a login may have happened all the same."""

    code = "timed_out"


class Unreachable(Unavailable):
    """No connection."""

    code = "unreachable"


class RateLimited(Unavailable):
    """429, and still after the retries."""

    code = "rate_limited"


class ServerFailed(Unavailable):
    """5xx, and still after the retries."""

    code = "server_failed"


class Unreadable(Unavailable):
    """An answer that is not what the documentation promises."""

    code = "unreadable"


class MessageError(SlackbotError):
    """Slack did not take a message. `reason` is Slack's error word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class MessageRefused(MessageError):
    """Final: this message will never be taken."""

    code = "message_refused"


class ContentRefused(MessageRefused):
    """Final for what was in this message: plainer content may be taken."""

    code = "content_refused"


class PersonUnreachable(MessageRefused):
    """Final: the person is gone, or the bot is blocked or removed; no message reaches them."""

    code = "person_unreachable"


class MessageDelayed(MessageError):
    """Not taken, may be sent again after `seconds`. It was tried `tries` times by then."""

    code = "message_delayed"
    retry = True

    def __init__(self, reason: str, seconds: float, *, tries: int = 1) -> None:
        super().__init__(reason)
        self.seconds = seconds
        self.tries = tries


class MessageUnsure(MessageError):
    """No answer: Slack may or may not have taken it."""

    code = "message_unsure"
    retry = True
