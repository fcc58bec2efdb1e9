"""The errors that can be shown to a person, as a tree.

    SlackbotError
    ├── InputError            unusable input; shown at its field
    │   ├── BadEventLink · BadCredential
    ├── NotLinked             no account connected yet
    ├── NoSuchSession · AmbiguousSession · NothingLive
    ├── PlatformError         Accelevents' side
    │   ├── Refusal           it refused the request
    │   │   ├── EventNotFound · SessionNotFound · SessionFull · SessionNotLive
    │   │   ├── TicketNotPermitted · TicketLimitReached · NotRegistered
    │   │   ├── TokenRefused · AccountLocked · AccountNotFound · DuplicateAccount
    │   │   ├── MagicLinkInvalid · MagicLinkUsed · MeetingNotCreated
    │   │   └── Forbidden · Rejected
    │   └── Unavailable       no usable response; may be retried
    │       ├── TimedOut · Unreachable · RateLimited · ServerFailed · Unreadable
    ├── SessionError          a `PlatformError` about a session that is known by name
    └── MessageError          Slack's side, when a message is sent
        ├── MessageRefused    Slack's answer is no; it may be another one later
        │   ├── ContentRefused    plainer content may be accepted
        │   ├── EditRefused       final: the message to edit is gone
        │   └── PersonUnreachable final: no message reaches the person
        └── MessageDelayed · MessageUnsure

Each class has a `code` (a stable word for logs and texts) and a `next_step` (the action of the
button beside its sentence); a `SessionError` has those of its cause.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import ClassVar

from slackbot.domain.model import Session


class NextStep(StrEnum):
    """The action of the button beside an error's sentence."""

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
    next_step: ClassVar[NextStep] = NextStep.HELP


class InputError(SlackbotError):
    """Unusable input in a form."""


class BadEventLink(InputError):
    """The input is neither an event link nor a slug."""

    code = "bad_event_link"


class BadCredential(InputError):
    """The input is neither an access token nor a magic link."""

    code = "bad_credential"


class NotLinked(SlackbotError):
    """The person has not connected an account, or was deleted meanwhile.

    Every write for a person who was deleted, or in a workspace that removed the app, raises it.
    """

    code = "not_linked"
    next_step = NextStep.CONNECT


class NoSuchSession(SlackbotError):
    """No session has this id, or these words in its title."""

    code = "no_such_session"
    next_step = NextStep.PICK_SESSION

    def __init__(self, query: str) -> None:
        super().__init__()
        self.query = query


class AmbiguousSession(SlackbotError):
    """Several sessions match; the person chooses among `candidates`."""

    code = "ambiguous_session"
    next_step = NextStep.PICK_SESSION

    def __init__(self, candidates: Sequence[Session]) -> None:
        super().__init__()
        self.candidates = tuple(candidates)


class NothingLive(SlackbotError):
    """No session is live, so an empty query matches none."""

    code = "nothing_live"
    next_step = NextStep.UPCOMING


class PlatformError(SlackbotError):
    """An error on Accelevents' side."""

    def __init__(self, *, status: int | None = None, permitted: int | None = None) -> None:
        super().__init__(self.code)
        self.status = status  # HTTP status, if there was a response
        self.permitted = permitted  # number of sessions that the ticket permits, if known


class Refusal(PlatformError):
    """The platform refused the request; repeating it will not help."""


class EventNotFound(Refusal):
    """Error code 4040200."""

    code = "event_not_found"
    next_step = NextStep.RECONNECT


class SessionNotFound(Refusal):
    """Error code 404800, or "Session not found!"."""

    code = "session_not_found"
    next_step = NextStep.PICK_SESSION


class SessionFull(Refusal):
    """HTTP 406, "Max user registration capacity reached"."""

    code = "session_full"
    next_step = NextStep.TRY_AGAIN


class SessionNotLive(Refusal):
    """Error code 4072002 or 4072003, "The time limit for accessing this session is expired."."""

    code = "session_not_live"
    next_step = NextStep.PICK_SESSION


class TicketNotPermitted(Refusal):
    """Error code 4042005, or HTTP 406 "Your ticket does not permit access to this session"."""

    code = "ticket_not_permitted"
    next_step = NextStep.PICK_SESSION


class TicketLimitReached(Refusal):
    """HTTP 406, "Your registration type only permits registering for N sessions. …"."""

    code = "ticket_limit_reached"
    next_step = NextStep.OPEN_HUB


class NotRegistered(Refusal):
    """Error code 4068910: the person is not registered for the event."""

    code = "not_registered"
    next_step = NextStep.OPEN_HUB


class TokenRefused(Refusal):
    """Error code 4010101 on a call with a token: it has expired or was revoked."""

    code = "token_refused"
    next_step = NextStep.RECONNECT


class AccountLocked(Refusal):
    """Error code 4010102: the account is locked for 30 minutes."""

    code = "account_locked"
    next_step = NextStep.TRY_AGAIN


class AccountNotFound(Refusal):
    """Error code 4040100 at login: the person does not exist."""

    code = "account_not_found"
    next_step = NextStep.RECONNECT


class DuplicateAccount(Refusal):
    """HTTP 406 at login: several users have the same e-mail address."""

    code = "duplicate_account"
    next_step = NextStep.RECONNECT


class MagicLinkInvalid(Refusal):
    """Error code 4010101 at the magic link's login."""

    code = "magic_link_invalid"
    next_step = NextStep.RECONNECT


class MagicLinkUsed(Refusal):
    """Error code 4068006: the magic link has expired or was already used."""

    code = "magic_link_used"
    next_step = NextStep.RECONNECT


class MeetingNotCreated(Refusal):
    """Error code 40600013, "Cant create url": the platform could not create the meeting."""

    code = "meeting_not_created"
    next_step = NextStep.TRY_AGAIN


class Forbidden(Refusal):
    """HTTP 403: the account is not allowed to do this."""

    code = "forbidden"
    next_step = NextStep.OPEN_HUB


class Rejected(Refusal):
    """Any other 4xx response."""

    code = "rejected"
    next_step = NextStep.OPEN_HUB


class Unavailable(PlatformError):
    """The platform gave no usable response; nothing is known to have changed."""

    next_step = NextStep.TRY_AGAIN


class TimedOut(Unavailable):
    """No response in time. A join, a status change or a login may still have happened."""

    code = "timed_out"


class Unreachable(Unavailable):
    """The platform could not be reached."""

    code = "unreachable"


class RateLimited(Unavailable):
    """HTTP 429, even after retries."""

    code = "rate_limited"


class ServerFailed(Unavailable):
    """HTTP 5xx, even after retries."""

    code = "server_failed"


class Unreadable(Unavailable):
    """A response that differs from the documentation."""

    code = "unreadable"


class SessionError(SlackbotError):
    """A platform error about one session; raised from its `cause`."""

    def __init__(self, session: Session, cause: PlatformError) -> None:
        super().__init__(cause.code)
        self.session = session
        self.cause = cause


class MessageError(SlackbotError):
    """Slack did not accept a message. `reason` is Slack's error code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class MessageRefused(MessageError):
    """Refused for a reason that may pass, or that is unknown. Only some subclasses are final."""

    code = "message_refused"


class ContentRefused(MessageRefused):
    """Refused because of its content: a plainer message may be accepted."""

    code = "content_refused"


class EditRefused(MessageRefused):
    """Final: the message to edit is gone, or can no longer be edited."""

    code = "edit_refused"


class PersonUnreachable(MessageRefused):
    """Final: the person has left, or the bot is blocked or removed. No message reaches them."""

    code = "person_unreachable"


class MessageDelayed(MessageError):
    """Not accepted; may be sent again after `seconds`. `tries` counts the attempts so far."""

    code = "message_delayed"

    def __init__(self, reason: str, seconds: float, *, tries: int = 1) -> None:
        super().__init__(reason)
        self.seconds = seconds
        self.tries = tries


class MessageUnsure(MessageError):
    """No response: Slack may or may not have accepted the message."""

    code = "message_unsure"
