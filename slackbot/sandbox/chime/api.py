"""CreateMeeting and CreateAttendee of the Amazon Chime SDK, with objects as AWS documents them."""

import secrets
from dataclasses import dataclass, field
from uuid import uuid4

Json = dict[str, object]
_CELL = "m2.ue1.app.chime.aws"


@dataclass(frozen=True)
class Pass:
    """Who a join token stands for, and in which meeting."""

    meeting_id: str
    attendee_id: str
    external_user_id: str
    token: str = field(repr=False)


class Chime:
    """Every meeting and pass that was made.

    `media_url` is the base URL of a media plane, ``http://127.0.0.1:PORT``; while it is empty the
    objects are well-formed and of no use to anybody: their hosts are AWS's, ids are invented.
    """

    def __init__(self, media_url: str = "") -> None:
        self.media_url = media_url
        self.passes: dict[str, Pass] = {}

    def holder_of(self, token: str) -> Pass | None:
        """The pass of a join token."""
        return self.passes.get(token)

    def meeting(self, external_id: str) -> Json:
        """The inner ``Meeting`` object of a new meeting."""
        meeting_id = str(uuid4())
        return {
            "MeetingId": meeting_id,
            "ExternalMeetingId": external_id,
            "MediaRegion": "us-east-1",
            "MediaPlacement": _in_aws(meeting_id) | self._here(meeting_id),
            "MeetingHostId": None,
            "MeetingFeatures": {"Audio": {"EchoReduction": "AVAILABLE"}},
            "PrimaryMeetingId": None,
            "TenantIds": [],
            "MeetingArn": f"arn:aws:chime:us-east-1:000000000000:meeting/{meeting_id}",
        }

    def attendee(self, meeting: Json, external_user_id: str) -> Json:
        """The inner ``Attendee`` object of one person; its ``JoinToken`` is theirs alone."""
        issued = Pass(
            str(meeting["MeetingId"]), str(uuid4()), external_user_id, secrets.token_urlsafe(96)
        )
        self.passes[issued.token] = issued
        return {
            "AttendeeId": issued.attendee_id,
            "ExternalUserId": external_user_id,
            "JoinToken": issued.token,
            "Capabilities": dict.fromkeys(("Audio", "Video", "Content"), "SendReceive"),
        }

    def _here(self, meeting_id: str) -> Json:
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


def _in_aws(meeting_id: str) -> Json:
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
