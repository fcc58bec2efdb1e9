"""Find Amazon Chime objects in a socket event and restore the field names used by AWS.

The names are documented for CreateMeeting and CreateAttendee in the AWS Chime SDK reference. The
join token is a credential and is stored only in the `Call`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from slackbot.accelevents import parsing
from slackbot.accelevents.json_tree import Node
from slackbot.domain.model import Call

MAX_VALUE: Final = 4_096  # characters
_MEETING_FIELDS: Final = (
    *("MeetingId", "ExternalMeetingId", "MediaRegion"),
    *("MeetingHostId", "PrimaryMeetingId", "MeetingArn"),
)
_PLACEMENT_FIELDS: Final = (
    *("AudioHostUrl", "AudioFallbackUrl", "SignalingUrl", "TurnControlUrl"),
    *("ScreenDataUrl", "ScreenViewingUrl", "ScreenSharingUrl", "EventIngestionUrl"),
)
_ATTENDEE_FIELDS: Final = ("AttendeeId", "ExternalUserId", "JoinToken")
_CAPABILITIES: Final = ("Audio", "Video", "Content")
_OWNER_FIELDS: Final = ("externaluserid", "useridofmatch", "userid")
_CALL_FIELDS: Final = frozenset({"jointoken", "mediaplacement", "audiohosturl"})
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def has_call_details(payload: Node) -> bool:
    """Return True if the payload contains any part of a Chime call, even if it is incomplete.

    A `meetingId` counts only if it is a UUID, like all meeting ids of AWS, because the platform has
    other kinds of meetings too.
    """
    return any(
        not _CALL_FIELDS.isdisjoint(node.fields) or _UUID.fullmatch(meeting_id(node) or "")
        for node in payload.walk()
    )


def is_attendee(node: Node) -> bool:
    """Return True if the object is a Chime attendee."""
    return "jointoken" in node.fields or "attendeeid" in node.fields


def meeting_id(node: Node) -> str | None:
    """Return the `MeetingId` of Chime, which is a string. A number is some other id."""
    return parsing.text(node.fields.get("meetingid"), MAX_VALUE)


def find_call(partner: Node, meeting: str, own_account_id: int | None) -> Call | None:
    """Return the call with this `MeetingId`, or None if the person cannot join it."""
    subtree = _subtree_of_meeting(partner, meeting)
    attendee = _own_attendee(subtree, own_account_id)
    if attendee is None:
        return None
    meetings = [node for node in subtree.walk() if meeting_id(node) == meeting]
    fullest = max(
        meetings, key=lambda node: len(_pick(node, _MEETING_FIELDS)) + len(_placement(node))
    )
    capabilities = _pick(_child(attendee, "capabilities"), _CAPABILITIES)
    features = _pick(_child(_child(fullest, "meetingfeatures"), "audio"), ("EchoReduction",))
    return Call(
        meeting=_pick(fullest, _MEETING_FIELDS)
        | {"MediaPlacement": _placement(fullest)}
        | ({"MeetingFeatures": {"Audio": features}} if features else {}),
        attendee=_pick(attendee, _ATTENDEE_FIELDS)
        | ({"Capabilities": capabilities} if capabilities else {}),
    )


def _subtree_of_meeting(partner: Node, meeting: str) -> Node:
    """Return the smallest subtree that contains the partner and every object of the meeting.

    If the payload contains no other meeting, return the whole tree.
    """
    *_, root = partner.upwards()
    ids = [found for node in root.walk() if (found := meeting_id(node))]
    if set(ids) == {meeting}:
        return root
    return next(
        subtree
        for subtree in partner.upwards()
        if sum(meeting_id(node) == meeting for node in subtree.walk()) == ids.count(meeting)
    )


def _own_attendee(subtree: Node, own_account_id: int | None) -> Node | None:
    """Return the attendee that the person should use to join the call.

    If there are several attendees, it must have the person's own account id. With the partner's
    token, the person would join as the partner.
    """
    found = {
        node.fields["attendeeid"]: node
        for node in subtree.walk()
        if "jointoken" in node.fields
        and _pick(node, _ATTENDEE_FIELDS).keys() >= {"AttendeeId", "JoinToken"}
    }
    attendees = list(found.values())
    if len(attendees) > 1:
        attendees = [node for node in attendees if _belongs_to(node, own_account_id)]
    return attendees[0] if len(attendees) == 1 else None


def _belongs_to(node: Node, account_id: int | None) -> bool:
    nearby = [node.fields, node.parent.fields if node.parent else {}]
    ids = [parsing.identifier(fields.get(name)) for fields in nearby for name in _OWNER_FIELDS]
    return account_id is not None and account_id in ids


def _placement(node: Node) -> dict[str, Any]:
    """Return the media URLs from the placement object, or else from the meeting itself."""
    return _pick(_child(node, "mediaplacement") or node, _PLACEMENT_FIELDS)


def _child(node: Node | None, name: str) -> Node | None:
    return next((child for child in node.children if child.name == name), None) if node else None


def _pick(node: Node | None, names: Iterable[str]) -> dict[str, Any]:
    """Return the named fields that have a text value, with the names used by AWS."""
    fields = node.fields if node else {}
    return {
        name: value
        for name in names
        if (value := parsing.text(fields.get(name.lower()), MAX_VALUE)) is not None
    }
