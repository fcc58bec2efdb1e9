"""The knobs of the platform: fields of ``Accelevents.knobs``, over HTTP ``/_sandbox/dials``."""

from collections.abc import Callable
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from slackbot.sandbox.accelevents.match_payloads import SHAPES
from slackbot.sandbox.accelevents.people import TOKEN_LIFETIME
from slackbot.sandbox.accelevents.refusals import ErrorShape

TokenForm = Literal["bare", "bearer"]
SocketAuth = Literal["auth", "header", "query"]
JoinCall = Literal["null", "object", "json_string"]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{name!r} is not a time zone") from error
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


class Knobs(BaseModel):
    """Behaviour that the documentation leaves open, and deviations from it. Checked when set."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    # Time zone of session times and ``expires_in``, and the default of the two below.
    zone: Zone = "UTC"
    list_zone: Zone | None = None
    socket_zone: Zone | None = None
    # strftime patterns of ``matTimeDate``. Minutes, as in session times: two rounds within one
    # minute look alike, which is the harder case.
    list_time_format: str = "%Y/%m/%d %H:%M"
    socket_time_format: str = "%Y/%m/%d %H:%M"

    auth_forms: set[TokenForm] = {"bare"}
    error_shape: ErrorShape = "number"
    # 406 with the guide's text, or 404 with 4042005 as on the register page.
    ticket_refusal: Literal["guide", "register_page"] = "guide"
    # Whether every login names the account. It is documented for that of speakers only.
    login_names_account: bool = False
    # Seconds for which the token of a magic link is accepted.
    login_seconds: Annotated[float, Field(gt=0)] = TOKEN_LIFETIME.total_seconds()
    # Form of ``meeting`` and ``attendee`` in the answer to a join.
    join_call: JoinCall = "null"
    # False: the match list is a bare array. True: it is inside the list envelope.
    matches_envelope: bool = False
    # Seconds after which a pairing is in the match list, and the order of its rows.
    list_lag: Annotated[float, Field(ge=0)] = 0.0
    list_order: Literal["oldest_first", "newest_first", "shuffled"] = "oldest_first"
    status_request: RequestLine = "PUT /rest/events/{event}/user-session/{session_id}/status"
    matches_request: RequestLine = "GET /rest/events/{event}/user-session/{session_id}/matches"

    socket_auth: set[SocketAuth] = {"auth", "header", "query"}
    # The event that a connection must send before matches reach it; None requires none.
    hello: str | None = None
    event_name: str = "networkingMatch"
    shape: Annotated[str, AfterValidator(_one_of(SHAPES))] = "wrapped"
    with_time: bool = True
    round_seconds: Annotated[int, Field(gt=0)] | None = 300
    # Half-open sockets: the server sends nothing any more, pings included.
    frozen: bool = False
