"""The hierarchy of errors that can be shown to a person.

    SlackbotError
    ├── InputError            invalid input, shown at its form field
    │   ├── BadEventLink · BadCredential
    ├── NotLinked · NotAMember    no account connected yet; a guest or a stranger
    ├── NoSuchSession · AmbiguousSession · NothingLive · OtherEvent · AvailableElsewhere
    ├── PlatformError         an error of Accelevents
    │   ├── Refusal           the platform rejected the request
    │   │   ├── EventNotFound · SessionNotFound · SessionFull · SessionNotLive
    │   │   ├── TicketNotPermitted · TicketLimitReached · NotRegistered
    │   │   ├── TokenRefused · AccountLocked · AccountNotFound · DuplicateAccount
    │   │   ├── MagicLinkInvalid · MagicLinkUsed · MeetingNotCreated
    │   │   └── Forbidden · Rejected
    │   └── Unavailable       no usable response, so the request may be retried
    │       ├── TimedOut · Unreachable · RateLimited · ServerFailed · Unreadable
    ├── Superseded · GivenUp · Interrupted  the end of a slow change (`slack/commands/attempts.py`)
    ├── SessionError          a `PlatformError` that concerns a named session
    └── MessageError          an error of Slack while a message is sent
        ├── MessageRefused    Slack rejected the message and may accept it later
        │   ├── ContentRefused    a message with simpler content may be accepted
        │   ├── EditRefused       the message to edit no longer exists (final)
        │   └── PersonUnreachable no message can reach the person (final)
        └── MessageDelayed · MessageUnsure

Each has a stable `code` and `next_steps`, its buttons. A `SessionError` takes both from its cause.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import ClassVar

from slackbot.domain.model import Session


class NextStep(StrEnum):
    """The action of the button that is shown with an error."""

    CONNECT = "connect"
    RECONNECT = "reconnect"
    TRY_AGAIN = "try_again"
    SESSIONS = "sessions"
    PICK_SESSION = "pick_session"
    STATUS = "status"
    UPCOMING = "upcoming"
    OPEN_HUB = "open_hub"
    PAUSE = "pause"
    HELP = "help"


class SlackbotError(Exception):
    """The base class of all errors. It is never raised itself."""

    code: ClassVar[str]
    next_steps: ClassVar[tuple[NextStep, ...]] = (NextStep.HELP,)


class InputError(SlackbotError):
    """Invalid input in a form."""

    next_steps = (NextStep.CONNECT,)


class EventProblem(StrEnum):
    """The reason why a text is no event link."""

    UNKNOWN = "unknown"
    NO_EVENT = "no_event"  # a link without an event
    WRONG_FIELD = "wrong_field"  # a token or a magic link


class BadEventLink(InputError):
    """The input is neither an event link nor a slug."""

    code = "bad_event_link"

    def __init__(self, problem: EventProblem = EventProblem.UNKNOWN) -> None:
        super().__init__(problem.value)
        self.problem = problem


class CredentialProblem(StrEnum):
    """The reason why a text is no credential."""

    UNKNOWN = "unknown"
    SEVERAL = "several"  # more than one token or magic link
    CUT = "cut"  # a key or a token of which a part is missing
    EVENT_LINK = "event_link"  # the event's link, without a key
    FILTERED = "filtered"  # the link of a mail filter that hides where it leads
    OTHER_LINK = "other_link"
    E_MAIL = "e_mail"
    OF_SLACK = "of_slack"  # a token of Slack's


class BadCredential(InputError):
    """The input is neither an access token nor a magic link."""

    code = "bad_credential"

    def __init__(self, problem: CredentialProblem = CredentialProblem.UNKNOWN) -> None:
        super().__init__(problem.value)
        self.problem = problem


class NotLinked(SlackbotError):
    """The person has not connected an account, or was deleted: then every write raises this."""

    code = "not_linked"
    next_steps = (NextStep.CONNECT,)


class NoSuchSession(SlackbotError):
    """No session is meant; with the id of `other`, which has another format, e.g. a keynote."""

    code = "no_such_session"
    next_steps = (NextStep.SESSIONS,)

    def __init__(self, query: str, other: str = "") -> None:
        super().__init__()
        self.query, self.other = query, other


class AmbiguousSession(SlackbotError):
    """Several sessions match the query. The person chooses one of the `candidates`."""

    code = "ambiguous_session"
    next_steps = (NextStep.SESSIONS,)

    def __init__(self, candidates: Sequence[Session]) -> None:
        super().__init__()
        self.candidates = tuple(candidates)


class OtherEvent(SlackbotError):
    """A link leads to a session of another event than the person's."""

    code = "other_event"
    next_steps = (NextStep.CONNECT,)

    def __init__(self, event: str) -> None:
        super().__init__()
        self.event = event


class AvailableElsewhere(SlackbotError):
    """A pause names a session other than the one that the person is available in."""

    code = "available_elsewhere"
    next_steps = (NextStep.PAUSE, NextStep.STATUS)

    def __init__(self, query: str, title: str) -> None:
        super().__init__()
        self.query = query
        self.title = title


class NothingLive(SlackbotError):
    """The query is empty and no session is live."""

    code = "nothing_live"
    next_steps = (NextStep.UPCOMING,)


class PlatformError(SlackbotError):
    """An error response from Accelevents, or the lack of a usable one."""

    def __init__(
        self,
        *,
        status: int | None = None,
        permitted: int | None = None,
        reason: str | None = None,
    ) -> None:
        super().__init__(self.code)
        self.status = status  # HTTP status, if there was a response
        self.permitted = permitted  # number of sessions that the ticket permits, if known
        self.reason = reason  # a sentence of the platform's for people; untrusted


class Refusal(PlatformError):
    """The platform rejected the request. Retrying it will not help."""


class EventNotFound(Refusal):
    """The event was not found (error code 4040200)."""

    code = "event_not_found"
    next_steps = (NextStep.RECONNECT,)


class SessionNotFound(Refusal):
    """The session was not found (error code 404800, or "Session not found!")."""

    code = "session_not_found"
    next_steps = (NextStep.PICK_SESSION,)


class SessionFull(Refusal):
    """The session is full (HTTP 406, "Max user registration capacity reached")."""

    code = "session_full"
    next_steps = (NextStep.PICK_SESSION, NextStep.TRY_AGAIN)


class SessionNotLive(Refusal):
    """The session is not live (error code 4072002 or 4072003, or "The time limit for …")."""

    code = "session_not_live"
    next_steps = (NextStep.PICK_SESSION,)


class TicketNotPermitted(Refusal):
    """The ticket does not permit access (error code 4042005, or HTTP 406 with that message)."""

    code = "ticket_not_permitted"
    next_steps = (NextStep.PICK_SESSION, NextStep.OPEN_HUB)


class TicketLimitReached(Refusal):
    """The ticket's limit is reached (HTTP 406, "… only permits registering for N sessions")."""

    code = "ticket_limit_reached"
    next_steps = (NextStep.OPEN_HUB, NextStep.TRY_AGAIN)


class NotRegistered(Refusal):
    """The person is not registered for the event (error code 4068910)."""

    code = "not_registered"
    next_steps = (NextStep.OPEN_HUB, NextStep.RECONNECT)


class TokenRefused(Refusal):
    """The token has expired or was revoked (error code 4010101 for a request with a token)."""

    code = "token_refused"
    next_steps = (NextStep.RECONNECT,)


class AccountLocked(Refusal):
    """The account is locked for 30 minutes (error code 4010102)."""

    code = "account_locked"
    next_steps = (NextStep.TRY_AGAIN,)


class AccountNotFound(Refusal):
    """The person does not exist (error code 4040100 during login)."""

    code = "account_not_found"
    next_steps = (NextStep.RECONNECT,)


class DuplicateAccount(Refusal):
    """Several users have the same e-mail address (HTTP 406 during login)."""

    code = "duplicate_account"
    next_steps = (NextStep.RECONNECT,)


class MagicLinkInvalid(Refusal):
    """The magic link is not valid (error code 4010101 during login)."""

    code = "magic_link_invalid"
    next_steps = (NextStep.RECONNECT,)


class MagicLinkUsed(Refusal):
    """The magic link has expired or was already used (error code 4068006)."""

    code = "magic_link_used"
    next_steps = (NextStep.RECONNECT,)


class MeetingNotCreated(Refusal):
    """The platform could not create the meeting (error code 40600013, "Cant create url")."""

    code = "meeting_not_created"
    next_steps = (NextStep.TRY_AGAIN, NextStep.PICK_SESSION)


class Forbidden(Refusal):
    """The account does not have permission for the request (HTTP 403)."""

    code = "forbidden"
    next_steps = (NextStep.OPEN_HUB, NextStep.PICK_SESSION)


class Rejected(Refusal):
    """The platform rejected the request with any other 4xx response."""

    code = "rejected"
    next_steps = (NextStep.OPEN_HUB, NextStep.PICK_SESSION, NextStep.TRY_AGAIN)


class Unavailable(PlatformError):
    """The platform returned no usable response, so the result of the request is unknown."""

    next_steps = (NextStep.TRY_AGAIN,)


class TimedOut(Unavailable):
    """The request timed out. A join, a status change or a login may still have taken effect."""

    code = "timed_out"


class Unreachable(Unavailable):
    """The platform could not be reached."""

    code = "unreachable"


class RateLimited(Unavailable):
    """The platform still responds with HTTP 429 after several retries."""

    code = "rate_limited"


class ServerFailed(Unavailable):
    """The platform still responds with HTTP 5xx after several retries."""

    code = "server_failed"


class Unreadable(Unavailable):
    """The response differs from the documentation, or is `too_large` to be read."""

    code = "unreadable"

    def __init__(self, *, status: int | None = None, too_large: bool = False) -> None:
        super().__init__(status=status)
        self.too_large = too_large


class SessionError(SlackbotError):
    """A platform error that concerns one session. It is raised from its `cause`."""

    def __init__(self, session: Session, cause: PlatformError) -> None:
        super().__init__(cause.code)
        self.session = session
        self.cause = cause


class MessageError(SlackbotError):
    """Slack did not accept a message. `reason` is Slack's error code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotAMember(SlackbotError):
    """The bot is not for this person, such as a guest or somebody of another workspace."""

    code = "not_a_member"


class MessageRefused(MessageError):
    """Slack rejected the message. A retry may succeed, except for the final subclasses."""

    code = "message_refused"


class ContentRefused(MessageRefused):
    """Slack rejected the content of the message. A simpler message may be accepted."""

    code = "content_refused"


class EditRefused(MessageRefused):
    """The message to edit no longer exists or can no longer be edited. Do not retry."""

    code = "edit_refused"


class PersonUnreachable(MessageRefused):
    """The person has left, or the bot is blocked or removed. Do not retry."""

    code = "person_unreachable"


class MessageDelayed(MessageError):
    """The message may be sent again after `seconds`. `tries` counts the attempts so far."""

    code = "message_delayed"

    def __init__(self, reason: str, seconds: float, *, tries: int = 1) -> None:
        super().__init__(reason)
        self.seconds = seconds
        self.tries = tries


class MessageUnsure(MessageError):
    """Slack did not respond, so it may or may not have accepted the message."""

    code = "message_unsure"
