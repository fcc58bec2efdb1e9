"""The one match event in the shapes in which a platform could send it.

Every shape holds the same facts: session, partner (field names of the match list), the
Chime ``Meeting`` and this person's own ``Attendee``, the length of the round in seconds.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

Json = dict[str, object]


@dataclass(frozen=True)
class Parts:
    """What one person is told of one pairing; the Chime objects are the inner ones."""

    session_id: int
    partner: Json
    meeting: Json
    attendee: Json
    round_seconds: int | None


def _round(parts: Parts) -> Json:
    if parts.round_seconds is None:
        return {}
    return {"meetingDurationInSeconds": parts.round_seconds}


def _about(parts: Parts) -> Json:
    return {"sessionId": parts.session_id, "matchedAttendee": parts.partner, **_round(parts)}


def _wrapped(parts: Parts) -> Json:
    return _about(parts) | {
        "meeting": {"Meeting": parts.meeting},
        "attendee": {"Attendee": parts.attendee},
    }


def _bare(parts: Parts) -> Json:
    return _about(parts) | {"meeting": parts.meeting, "attendee": parts.attendee}


def _json_string(parts: Parts) -> Json:
    return _about(parts) | {
        "meeting": json.dumps({"Meeting": parts.meeting}),
        "attendee": json.dumps({"Attendee": parts.attendee}),
    }


def _payload_string(parts: Parts) -> str:
    return json.dumps(_wrapped(parts))


def _lower_camel(parts: Parts) -> Json:
    return _about(parts) | {
        "meeting": _lowered(parts.meeting),
        "attendee": _lowered(parts.attendee),
    }


def _lowered(value: object) -> object:
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: _lowered(inner) for key, inner in value.items()}
    return value


def _list_of_partners(parts: Parts) -> Json:
    payload = _wrapped(parts)
    return payload | {"matchedAttendees": [payload.pop("matchedAttendee")]}


def _nested(parts: Parts) -> Json:
    return {
        "type": "NETWORKING_MATCH",
        "data": {
            "session": {"sessionId": parts.session_id},
            "users": [parts.partner],
            "chime": {
                "meetingInfo": {"Meeting": parts.meeting},
                "attendeeInfo": {"Attendee": parts.attendee},
            },
            **_round(parts),
        },
    }


def _flat(parts: Parts) -> Json:
    return (
        {"sessionId": parts.session_id}
        | parts.partner
        | _flat_meeting(parts.meeting)
        | parts.attendee
        | _round(parts)
    )


def _flat_urls(parts: Parts) -> Json:
    return _about(parts) | {
        "meeting": _flat_meeting(parts.meeting),
        "attendee": parts.attendee,
    }


def _flat_meeting(meeting: Json) -> Json:
    """The screen URLs beside ``MeetingId``, as the join page names them."""
    inner = dict(meeting)
    placement = inner.pop("MediaPlacement")
    assert isinstance(placement, dict)
    return inner | placement


def _no_time(parts: Parts) -> Json:
    partner = {key: value for key, value in parts.partner.items() if key != "matTimeDate"}
    return _wrapped(replace(parts, partner=partner))


def _no_round(parts: Parts) -> Json:
    return _wrapped(replace(parts, round_seconds=None))


_SHAPES: dict[str, Callable[[Parts], Json | str]] = {
    "wrapped": _wrapped,
    "bare": _bare,
    "json_string": _json_string,
    "payload_string": _payload_string,
    "lower_camel": _lower_camel,
    "list_of_partners": _list_of_partners,
    "nested": _nested,
    "flat": _flat,
    "flat_urls": _flat_urls,
    "no_time": _no_time,
    "no_round": _no_round,
    "no_call": _about,
}

SHAPES = tuple(_SHAPES)


def payload(parts: Parts, shape: str) -> Json | str:
    """The event's payload in a shape of ``SHAPES``."""
    return _SHAPES[shape](parts)
