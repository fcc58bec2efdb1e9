"""Every dial of the platform, in Python and by HTTP.

In Python: fields of ``world.dials`` and methods of ``world`` (:class:`Accelevents`). By HTTP:
``POST`` with a JSON body (defaults in brackets). A bad body is answered 400, an unknown person
or session 404; neither changes anything. ``path`` is the beginning of a path, in which ``*``
stands for anything; ``method`` is e.g. ``PUT``. Left out, they mean every REST call; socket
handshakes are met only by a ``path`` that fits them.

``GET /_sandbox/state``
    Sessions, attendees, statuses, sockets, pairings, events sent and heard, calls, dials.
    No token, no key, no join token.
``/_sandbox/dials``: any field of :class:`Dials`
    Sets these fields, all or none; answers with all of them.
``/_sandbox/delay``: seconds, path, method, act_first (false)
    Each fitting call waits, then acts; a caller who hangs up while waiting changed nothing.
    ``act_first``: acts at once and answers late. 0 seconds ends the delay of the same path
    and method.
``/_sandbox/status``: status, times (1), retry_after, code, message, body, headers, path, method,
act_first (false)
    The next fitting calls get this answer and do not act; ``act_first``: they act and get it
    all the same.
``/_sandbox/broken``: how (truncated), times (1), path, method
    The next fitting calls act, but their body is ``truncated``, ``html``, ``empty``, of the
    ``wrong_shape``, or ``cut``: the line breaks in mid-answer.
``/_sandbox/drop``: attendee, how (cut)
    Ends open sockets, of everybody or of one: the line breaks (``cut``), or a Socket.IO
    disconnect is said (``goodbye``).
``/_sandbox/restart``: seconds
    Cuts all sockets and refuses handshakes with 503 for so long; 0 opens again at once.
``/_sandbox/again``: times (1), pairing (the last), attendee (both)
    Sends the event of a pairing again, in the shape set now.
``/_sandbox/swap``: events (2)
    Each person's next so many events are held and then sent in reverse; 0 sends what is held.
``/_sandbox/emit``: attendee, payload (any JSON), event
    Sends this payload to the person's open sockets.
``/_sandbox/pair``: a, b, session_id (11645)
    Pairs two people now, registered and available or not.
``/_sandbox/attendees``: key, full_name, user_id, title, company, profile_image,
ticket_type (Standard), max_sessions
    Adds a person; any name is allowed. ``ticket_type`` null: without a ticket.
``/_sandbox/tokens``: attendee, lifetime_seconds (28800)
    Answers ``{"token"}``.
``/_sandbox/keys``: attendee, lifetime_seconds (86400), web_url
    Answers ``{"user_key", "magic_link"}``.
``/_sandbox/revoke``: attendee
    All access tokens of the person become worthless; open sockets stay until dropped.
``/_sandbox/lock``: attendee, locked (true)
    The account answers 4010102.
``/_sandbox/session``: session_id, when
    Moves a session in time: ``past``, ``live`` or ``upcoming``.
``/_sandbox/reset``
    Ends delays, planned answers, refusals and held events; dials back to the default.
"""

from collections.abc import Callable
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from slackbot.sandbox.accelevents.refusals import ErrorShape
from slackbot.sandbox.accelevents.shapes import SHAPES

TokenForm = Literal["bare", "bearer"]
SocketAuth = Literal["auth", "header", "query"]
JoinCall = Literal["null", "object", "json_string"]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{name!r} is no time zone") from error
    return name


def _one_of(known: tuple[str, ...]) -> Callable[[str], str]:
    def check(name: str) -> str:
        if name not in known:
            raise ValueError(f"{name!r} is none of {', '.join(known)}")
        return name

    return check


def _request_line(line: str) -> str:
    method, _, path = line.partition(" ")
    if not (method.isupper() and path.startswith("/") and "{session_id}" in path):
        raise ValueError(f"{line!r} is not 'METHOD /path with {{session_id}}'")
    return line


Zone = Annotated[str, AfterValidator(_zone)]
RequestLine = Annotated[str, AfterValidator(_request_line)]


class Dials(BaseModel):
    """What the documentation leaves open, and what a test wants otherwise. Checked when set."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    # Session times and ``expires_in``; the two below default to it.
    zone: Zone = "UTC"
    list_zone: Zone | None = None
    socket_zone: Zone | None = None
    # strftime patterns of ``matTimeDate``. To the minute, as session times are: two rounds
    # within a minute look alike, which is the harder case.
    list_time_format: str = "%Y/%m/%d %H:%M"
    socket_time_format: str = "%Y/%m/%d %H:%M"

    auth_forms: set[TokenForm] = {"bare"}
    error_shape: ErrorShape = "number"
    # 406 with the guide's text, or 404 with 4042005 as the register page has it.
    ticket_refusal: Literal["guide", "register_page"] = "guide"
    # ``meeting`` and ``attendee`` in the answer to a join.
    join_call: JoinCall = "null"
    # The match list as a bare array, or inside the list envelope.
    matches_envelope: bool = False
    status_request: RequestLine = "PUT /rest/events/{event}/user-session/{session_id}/status"
    matches_request: RequestLine = "GET /rest/events/{event}/user-session/{session_id}/matches"

    socket_auth: set[SocketAuth] = {"auth", "header", "query"}
    # An event that a connection must have sent before matches reach it; None asks for none.
    hello: str | None = None
    event_name: str = "networkingMatch"
    shape: Annotated[str, AfterValidator(_one_of(SHAPES))] = "wrapped"
    with_time: bool = True
    round_seconds: Annotated[int, Field(gt=0)] | None = 300
    # Half-open lines: nothing is heard from the server any more, pings included.
    frozen: bool = False
