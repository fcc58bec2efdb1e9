"""The platform at a glance, for a person or a test that looks in by HTTP."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from slackbot.sandbox.accelevents.world import Accelevents

Json = dict[str, object]


def state(world: Accelevents) -> Json:
    """What the platform looks like now, without tokens, keys or call credentials."""
    return {
        "event": world.event.slug,
        "sessions": _sessions(world),
        "attendees": [asdict(attendee) for attendee in world.people],
        "statuses": [
            {"attendee": who, "session_id": session_id, "status": status}
            for (session_id, who), status in world.networking.statuses.items()
        ],
        "pairings": _pairings(world),
        "sockets": [
            {"attendee": c.attendee, "transport": c.transport, "ready": c.ready}
            for c in world.sockets
        ],
        "sent": [asdict(sent) for sent in world.sent],
        "heard": [{"attendee": heard.attendee, "event": heard.event} for heard in world.heard],
        "calls": [asdict(call) for call in world.calls],
        "dials": world.dials.model_dump(mode="json"),
    }


def _sessions(world: Accelevents) -> list[Json]:
    now = world.now()
    return [
        {
            "id": session.id,
            "title": session.title,
            "live": session.is_live(now),
            "registered": sorted(session.registered),
            "waiting": world.networking.waiting_in(session.id),
        }
        for session in world.event
    ]


def _pairings(world: Accelevents) -> list[Json]:
    return [
        {
            "number": pairing.number,
            "session_id": pairing.session_id,
            "sides": pairing.sides,
            "at": pairing.at.isoformat(),
            "meeting_id": pairing.meeting["MeetingId"],
        }
        for pairing in world.pairings
    ]
