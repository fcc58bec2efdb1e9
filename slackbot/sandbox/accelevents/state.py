"""A snapshot of the platform for a person or a test that looks in over HTTP."""

from dataclasses import asdict

from slackbot.sandbox.accelevents.platform import Platform

Json = dict[str, object]


def state(platform: Platform) -> Json:
    """Return the platform's state, without tokens, keys or call credentials."""
    now = platform.now()
    return {
        "event": platform.event.slug,
        "sessions": [
            {
                "id": session.id,
                "title": session.title,
                "live": session.is_live(now),
                "registered": sorted(session.registered),
                "waiting": platform.networking.waiting_in(session.id),
            }
            for session in platform.event
        ],
        "attendees": [asdict(attendee) for attendee in platform.people],
        "statuses": [
            {"attendee": who, "session_id": session_id, "status": status}
            for (session_id, who), status in platform.networking.statuses.items()
        ],
        "pairings": [
            {
                "number": pairing.number,
                "session_id": pairing.session_id,
                "sides": pairing.sides,
                "at": pairing.at.isoformat(),
                "meeting_id": pairing.meeting["MeetingId"],
            }
            for pairing in platform.pairings
        ],
        "sockets": [
            {"attendee": c.attendee, "transport": c.transport, "ready": c.ready}
            for c in platform.sockets
        ],
        "sent": [asdict(sent) for sent in platform.sent],
        "heard": [
            {"attendee": event.attendee, "event": event.event} for event in platform.received
        ],
        "calls": [asdict(call) for call in platform.calls],
        "dials": platform.knobs.model_dump(mode="json"),
    }
