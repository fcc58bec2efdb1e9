"""The payload of the match event, in every shape in which a platform could send it.

Every shape carries the same facts: session, partner (with the field names of the match list),
the Chime ``Meeting``, this person's own ``Attendee``, and the length of the round in seconds.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

Json = dict[str, object]


@dataclass(frozen=True)
class Match:
    """One pairing from one person's side; the Chime objects are the inner ones."""

    session_id: int
    partner: Json
    meeting: Json
    attendee: Json
    round_seconds: int | None


def _round(match: Match) -> Json:
    if match.round_seconds is None:
        return {}
    return {"meetingDurationInSeconds": match.round_seconds}


def _about(match: Match) -> Json:
    return {"sessionId": match.session_id, "matchedAttendee": match.partner, **_round(match)}


def _wrapped(match: Match) -> Json:
    return _about(match) | {
        "meeting": {"Meeting": match.meeting},
        "attendee": {"Attendee": match.attendee},
    }


def _bare(match: Match) -> Json:
    return _about(match) | {"meeting": match.meeting, "attendee": match.attendee}


def _json_string(match: Match) -> Json:
    return _about(match) | {
        "meeting": json.dumps({"Meeting": match.meeting}),
        "attendee": json.dumps({"Attendee": match.attendee}),
    }


def _payload_string(match: Match) -> str:
    return json.dumps(_wrapped(match))


def _lower_camel(match: Match) -> Json:
    return _about(match) | {
        "meeting": _lowered(match.meeting),
        "attendee": _lowered(match.attendee),
    }


def _lowered(value: object) -> object:
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: _lowered(inner) for key, inner in value.items()}
    return value


def _list_of_partners(match: Match) -> Json:
    payload = _wrapped(match)
    return payload | {"matchedAttendees": [payload.pop("matchedAttendee")]}


def _nested(match: Match) -> Json:
    return {
        "type": "NETWORKING_MATCH",
        "data": {
            "session": {"sessionId": match.session_id},
            "users": [match.partner],
            "chime": {
                "meetingInfo": {"Meeting": match.meeting},
                "attendeeInfo": {"Attendee": match.attendee},
            },
            **_round(match),
        },
    }


def _flat(match: Match) -> Json:
    return (
        {"sessionId": match.session_id}
        | match.partner
        | _flat_meeting(match.meeting)
        | match.attendee
        | _round(match)
    )


def _flat_urls(match: Match) -> Json:
    return _about(match) | {
        "meeting": _flat_meeting(match.meeting),
        "attendee": match.attendee,
    }


def _flat_meeting(meeting: Json) -> Json:
    """Return the meeting with its URLs beside ``MeetingId``, as the join page names them."""
    inner = dict(meeting)
    placement = inner.pop("MediaPlacement")
    assert isinstance(placement, dict)
    return inner | placement


def _no_time(match: Match) -> Json:
    partner = {key: value for key, value in match.partner.items() if key != "matTimeDate"}
    return _wrapped(replace(match, partner=partner))


def _no_round(match: Match) -> Json:
    return _wrapped(replace(match, round_seconds=None))


_SHAPES: dict[str, Callable[[Match], Json | str]] = {
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


def payload(match: Match, shape: str) -> Json | str:
    """Return the event's payload in one of ``SHAPES``."""
    return _SHAPES[shape](match)
