"""CreateMeeting and CreateAttendee of the Amazon Chime SDK, with the objects AWS documents."""

import secrets
from dataclasses import dataclass, field
from uuid import uuid4

Json = dict[str, object]
_CELL = "m2.ue1.app.chime.aws"


@dataclass(frozen=True)
class Attendee:
    """One attendee of a meeting, identified by the join token."""

    meeting_id: str
    attendee_id: str
    external_user_id: str
    join_token: str = field(repr=False)


class Chime:
    """The API, with every attendee created, by join token.

    `media_url` is the base URL of a media plane, ``http://127.0.0.1:PORT``. While it is empty the
    objects are well-formed but useless: their hosts are AWS's, their ids invented.
    """

    def __init__(self, media_url: str = "") -> None:
        self.media_url = media_url
        self.attendees: dict[str, Attendee] = {}

    def attendee_of(self, join_token: str) -> Attendee | None:
        """Return the attendee with this join token."""
        return self.attendees.get(join_token)

    def create_meeting(self, external_id: str) -> Json:
        """Create a meeting and return its inner ``Meeting`` object."""
        meeting_id = str(uuid4())
        return {
            "MeetingId": meeting_id,
            "ExternalMeetingId": external_id,
            "MediaRegion": "us-east-1",
            "MediaPlacement": _aws_urls(meeting_id) | self._media_urls(meeting_id),
            "MeetingHostId": None,
            "MeetingFeatures": {"Audio": {"EchoReduction": "AVAILABLE"}},
            "PrimaryMeetingId": None,
            "TenantIds": [],
            "MeetingArn": f"arn:aws:chime:us-east-1:000000000000:meeting/{meeting_id}",
        }

    def create_attendee(self, meeting: Json, external_user_id: str) -> Json:
        """Create an attendee and return the inner ``Attendee`` object, with its ``JoinToken``."""
        attendee = Attendee(
            str(meeting["MeetingId"]), str(uuid4()), external_user_id, secrets.token_urlsafe(96)
        )
        self.attendees[attendee.join_token] = attendee
        return {
            "AttendeeId": attendee.attendee_id,
            "ExternalUserId": external_user_id,
            "JoinToken": attendee.join_token,
            "Capabilities": dict.fromkeys(("Audio", "Video", "Content"), "SendReceive"),
        }

    def _media_urls(self, meeting_id: str) -> Json:
        if not self.media_url:
            return {}
        sockets = self.media_url.replace("http", "ws", 1)
        return {
            "AudioHostUrl": self.media_url.partition("://")[2],
            "AudioFallbackUrl": f"{sockets}/calls/{meeting_id}",
            "SignalingUrl": f"{sockets}/control/{meeting_id}",
            "TurnControlUrl": f"{self.media_url}/v2/turn_sessions",
            "ScreenDataUrl": f"{sockets}/v2/screen/{meeting_id}",
            "ScreenViewingUrl": f"{sockets}/ws/connect",
            "ScreenSharingUrl": f"{sockets}/v2/screen/{meeting_id}",
            "EventIngestionUrl": f"{self.media_url}/v1/client-events",
        }


def _aws_urls(meeting_id: str) -> Json:
    return {
        "AudioHostUrl": f"{secrets.token_hex(16)}.k.{_CELL}:3478",
        "AudioFallbackUrl": f"wss://haxrp.{_CELL}:443/calls/{meeting_id}",
        "SignalingUrl": f"wss://signal.{_CELL}/control/{meeting_id}",
        "TurnControlUrl": "https://2713.cell.us-east-1.meetings.chime.aws/v2/turn_sessions",
        "ScreenDataUrl": f"wss://bitpw.{_CELL}:443/v2/screen/{meeting_id}",
        "ScreenViewingUrl": f"wss://bitpw.{_CELL}:443/ws/connect?passcode=null&viewer_uuid=null",
        "ScreenSharingUrl": f"wss://bitpw.{_CELL}:443/v2/screen/{meeting_id}",
        "EventIngestionUrl": "https://data.svc.ue1.ingest.chime.aws/v1/client-events",
    }
