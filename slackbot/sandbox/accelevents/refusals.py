"""The platform's refusals: HTTP status, error code, message, and the body that carries them.

Codes and messages are those of the developer guide. Where the guide prints only a status
(the three 406 refusals of a join), the code is that status. Where it gives a meaning without
wording, the wording here is invented.
"""

import json
from dataclasses import dataclass
from typing import Literal

from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

ErrorShape = Literal["number", "digit_string", "message_only", "plain_text", "html"]


@dataclass(frozen=True)
class Refusal:
    """One row of the documented error table."""

    status: int
    code: int
    message: str


class RefusedError(Exception):
    """A request refused by the platform's rules; ``rest`` turns it into an HTTP response."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


NOT_AUTHORISED = Refusal(401, 4010101, "Not authorized")
BAD_MAGIC_LINK = Refusal(401, 4010101, "This is not a valid magic link.")
LOCKED = Refusal(401, 4010102, "Your account is locked. Please try again after 30 minutes.")
EVENT_NOT_FOUND = Refusal(404, 4040200, "Event not found")
SESSION_NOT_FOUND = Refusal(404, 404800, "Session not found!")
TICKET_TYPE_GRANTS_NO_ACCESS = Refusal(
    404, 4042005, "Your ticket type does not grant access to this session."
)
SESSION_FULL = Refusal(406, 406, "Max user registration capacity reached")
TICKET_NOT_PERMITTED = Refusal(406, 406, "Your ticket does not permit access to this session")
LINK_USED = Refusal(406, 4068006, "This link has expired or has already been used.")
NOT_REGISTERED = Refusal(406, 4068910, "You are not registered for this event.")
NOT_LIVE = Refusal(407, 4072002, "The time limit for accessing this session is expired.")


def ticket_limit(permitted: int) -> Refusal:
    """Return the refusal of a ticket that has used up its number of sessions."""
    return Refusal(
        406,
        406,
        f"Your registration type only permits registering for {permitted} sessions. "
        "If you would like to register for this session please un-register from a different "
        "session first.",
    )


def malformed(reason: str) -> Refusal:
    """Return a 400 with a reason that a developer can act on."""
    return Refusal(400, 400, reason)


def response(refusal: Refusal, shape: ErrorShape) -> Response:
    """Return the HTTP response, its body in one of the shapes a client may meet."""
    status, code, message = refusal.status, refusal.code, refusal.message
    if shape == "plain_text":
        return PlainTextResponse(message, status)
    if shape == "html":
        return HTMLResponse(f"<html><body><h1>{status}</h1><p>{message}</p></body></html>", status)
    bodies: dict[str, dict[str, object]] = {
        "number": {"errorCode": code, "message": message},
        "digit_string": {"code": str(code), "error": message},
        "message_only": {"message": message},
    }
    return JSONResponse(bodies[shape], status)


def as_json(refusal: Refusal) -> str:
    """Return the default body as text, for responses made without a route."""
    return json.dumps({"errorCode": refusal.code, "message": refusal.message})
