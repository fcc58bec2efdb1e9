"""The platform's JSON: list envelope, session rows, join responses, match rows, tokens."""

import json
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from slackbot.sandbox.accelevents.event import Event, Session, Track
from slackbot.sandbox.accelevents.knobs import JoinCall, Knobs
from slackbot.sandbox.accelevents.pairing import Pairing
from slackbot.sandbox.accelevents.people import Attendee

Json = dict[str, object]
# The Chime meeting and attendee of a join response, if it has them.
JoinedCall = tuple[object, object] | None


def local(moment: datetime, zone: str, pattern: str) -> str:
    """Format a time without its zone, as the platform writes all times."""
    return moment.astimezone(ZoneInfo(zone)).strftime(pattern)


def session_row(session: Session, who: Attendee, zone: str) -> Json:
    """Return one session as in the guide's sample, with counts only if it has a capacity."""
    row: Json = {
        "sessionId": session.id,
        "title": session.title,
        "startTime": local(session.starts, zone, "%Y/%m/%d %H:%M"),
        "endTime": local(session.ends, zone, "%Y/%m/%d %H:%M"),
        "location": session.location,
        "description": session.description,
        "format": session.format,
        "speakerList": None,
        "currentUserRegisteredEventTicketId": session.registered.get(who.key),
        "tracks": [] if session.track is None else [_track(session.track)],
        "streamProvider": None,
        "streamUrl": None,
        "rtmpUrl": None,
        "meetingPassword": None,
        "sessionVisibilityType": "PUBLIC",
        "sponsorList": [],
        "recordSession": True,
        "hideVideoControls": False,
        "exihiborList": [],
        "postSessionCallToActionJson": None,
        "playBackRestrictionToken": None,
        "thumbnailRestrictionToken": None,
    }
    return row | _counts(session)


def _track(track: Track) -> Json:
    return {
        "id": track.id,
        "name": track.name,
        "color": track.color,
        "description": None,
        "position": track.position,
    }


def _counts(session: Session) -> Json:
    if session.capacity is None:
        return {}
    stats = {
        "registeredUserCount": session.registered_count,
        "interestedUserCount": 0,
        "attendeeCount": session.registered_count,
        "sessionSpeakerCount": 0,
    }
    return {"capacity": session.capacity, "status": "VISIBLE", "sessionStats": stats}


def envelope(rows: Sequence[Json], filtered: int, event: Event, now: datetime) -> Json:
    """Return the documented list envelope around one page of rows."""
    return {
        "recordsTotal": len(list(event)),
        "recordsFiltered": filtered,
        "data": list(rows),
        "error": None,
        "pastSession": any(session.is_past(now) for session in event),
        "upComingSession": any(session.is_upcoming(now) for session in event),
    }


def join_response(session: Session, who: Attendee, zone: str, call: JoinedCall) -> Json:
    """Return the session object that a join returns."""
    row = session_row(session, who, zone)
    wanted = ("sessionId", "title", "startTime", "endTime", "description", "format")
    meeting, attendee = call or (None, None)
    return {name: row[name] for name in wanted} | {
        "capacity": session.capacity or 0,
        "currentUserRegisteredEventTicketId": session.registered.get(who.key),
        "purchaserUserRegisteredEventTicketId": None,
        "chatEnabled": True,
        "pollEnabled": False,
        "quesAndAnsEnabled": False,
        "duration": int((session.ends - session.starts).total_seconds() // 60),
        "hideSessionFromAttendees": False,
        "eventAdmins": [],
        "speakersOrModeratorsUserIds": [],
        "meeting": meeting,
        "attendee": attendee,
    }


def join_call(form: JoinCall, meeting: Json, attendee: Json) -> JoinedCall:
    """Return the Chime objects of a join response, as objects or as JSON strings."""
    if form == "null":
        return None
    if form == "object":
        return meeting, attendee
    return json.dumps(meeting), json.dumps(attendee)


def match_row(pairing: Pairing, partner: Attendee, time: str) -> Json:
    """Return one documented row of the match list; the socket event carries the same."""
    return {
        "userIdOfMatch": partner.user_id,
        "fullName": partner.full_name,
        "profileImage": partner.profile_image,
        "matTimeDate": time,
        "title": partner.title,
        "company": partner.company,
        "sessionId": pairing.session_id,
        "matchStarted": True,
    }


def list_time(pairing: Pairing, knobs: Knobs) -> str:
    """Return ``matTimeDate`` as the match list writes it."""
    return local(pairing.at, knobs.list_zone or knobs.zone, knobs.list_time_format)


def socket_time(pairing: Pairing, knobs: Knobs) -> str:
    """Return ``matTimeDate`` as the socket event writes it."""
    return local(pairing.at, knobs.socket_zone or knobs.zone, knobs.socket_time_format)


def token_response(token: str, expires: datetime, who: Attendee, slug: str, zone: str) -> Json:
    """Return the documented response to every login."""
    return {
        "access_token": token,
        "expires_in": local(expires, zone, "%Y-%m-%d %H:%M:%S"),
        "redirectUrl": f"/e/{slug}/portal",
        "userId": who.user_id,
        "showExhibitorMenu": False,
        "userRole": "ROLE_USER",
        "whiteLabelURL": None,
    }


def account(who: Attendee) -> Json:
    """Return what the login of speakers also returns."""
    first, _, last = who.full_name.rpartition(" ")
    email = f"{who.key}@accelevents.example"
    return {"email": email, "firstName": first, "lastName": last, "userProfilePhoto": None}
