"""Amazon Chime SDK objects, as AWS documents CreateMeeting and CreateAttendee.

Well-formed, and of no use to anybody: hosts, ids and join tokens are invented.
"""

import secrets
from uuid import uuid4

Json = dict[str, object]


def meeting(external_id: str) -> Json:
    """The inner ``Meeting`` object of a new meeting."""
    meeting_id = str(uuid4())
    cell = "m2.ue1.app.chime.aws"
    return {
        "MeetingId": meeting_id,
        "ExternalMeetingId": external_id,
        "MediaRegion": "us-east-1",
        "MediaPlacement": {
            "AudioHostUrl": f"{secrets.token_hex(16)}.k.{cell}:3478",
            "AudioFallbackUrl": f"wss://haxrp.{cell}:443/calls/{meeting_id}",
            "SignalingUrl": f"wss://signal.{cell}/control/{meeting_id}",
            "TurnControlUrl": "https://2713.cell.us-east-1.meetings.chime.aws/v2/turn_sessions",
            "ScreenDataUrl": f"wss://bitpw.{cell}:443/v2/screen/{meeting_id}",
            "ScreenViewingUrl": f"wss://bitpw.{cell}:443/ws/connect?passcode=null&viewer_uuid=null",
            "ScreenSharingUrl": f"wss://bitpw.{cell}:443/v2/screen/{meeting_id}",
            "EventIngestionUrl": "https://data.svc.ue1.ingest.chime.aws/v1/client-events",
        },
        "MeetingHostId": None,
        "MeetingFeatures": {"Audio": {"EchoReduction": "AVAILABLE"}},
        "PrimaryMeetingId": None,
        "TenantIds": [],
        "MeetingArn": f"arn:aws:chime:us-east-1:000000000000:meeting/{meeting_id}",
    }


def attendee(external_user_id: str) -> Json:
    """The inner ``Attendee`` object of one person in a meeting; ``JoinToken`` is theirs alone."""
    return {
        "AttendeeId": str(uuid4()),
        "ExternalUserId": external_user_id,
        "JoinToken": secrets.token_urlsafe(96),
        "Capabilities": {"Audio": "SendReceive", "Video": "SendReceive", "Content": "SendReceive"},
    }
