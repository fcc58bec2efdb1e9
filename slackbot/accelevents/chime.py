"""Amazon Chime's objects in a socket event, brought to the spelling of AWS.

Names: the AWS Chime SDK reference, CreateMeeting and CreateAttendee. The join token is a
credential: it goes into the `Call` and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from slackbot.accelevents import parsing as values
from slackbot.accelevents.json_tree import Node
from slackbot.domain.model import Call

LONGEST = 4_096
_MEETING = (
    *("MeetingId", "ExternalMeetingId", "MediaRegion"),
    *("MeetingHostId", "PrimaryMeetingId", "MeetingArn"),
)
_PLACEMENT = (
    *("AudioHostUrl", "AudioFallbackUrl", "SignalingUrl", "TurnControlUrl"),
    *("ScreenDataUrl", "ScreenViewingUrl", "ScreenSharingUrl", "EventIngestionUrl"),
)
_ATTENDEE = ("AttendeeId", "ExternalUserId", "JoinToken")
_CAPABILITIES = ("Audio", "Video", "Content")
_CALL_FIELDS = frozenset({"jointoken", "mediaplacement", "audiohosturl"})
_MEETING_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def is_in(payload: Node) -> bool:
    """Whether the payload has anything of a Chime call, were it only a broken piece.

    A `meetingId` is that only in AWS's form: the platform has meetings of other kinds.
    """
    return any(
        not _CALL_FIELDS.isdisjoint(node.fields) or _MEETING_ID.fullmatch(meeting_id(node) or "")
        for node in payload.walk()
    )


def is_attendee(node: Node) -> bool:
    """Whether this object is a Chime attendee."""
    return "jointoken" in node.fields or "attendeeid" in node.fields


def meeting_id(node: Node) -> str | None:
    """Chime's `MeetingId`, which is a text; numbers are ids of other things."""
    return values.text(node.fields.get("meetingid"), LONGEST)


def call(near: Node, meeting: str, own_account_id: int | None) -> Call | None:
    """The call of the match that `near` is the partner of, when one can join it."""
    scope = _scope(near, meeting)
    attendee = _own_attendee(scope, own_account_id)
    if attendee is None:
        return None
    places = [node for node in scope.walk() if meeting_id(node) == meeting]
    return Call(meeting=_meeting(max(places, key=_richness)), attendee=_attendee(attendee))


def _scope(near: Node, meeting: str) -> Node:
    """The part of the payload that speaks of this meeting: all of it when there is no other."""
    *_, root = near.upwards()
    ids = [found for node in root.walk() if (found := meeting_id(node))]
    if set(ids) == {meeting}:
        return root
    for around in near.upwards():
        if sum(meeting_id(node) == meeting for node in around.walk()) == ids.count(meeting):
            return around
    return root


def _own_attendee(scope: Node, own_account_id: int | None) -> Node | None:
    """The attendee to join as.

    Of several only the one that bears the reader's own id: to join with the partner's token
    would be to join as the partner.
    """
    found = {node.fields["attendeeid"]: node for node in scope.walk() if _can_join(node)}
    if len(found) > 1:
        own = (item for item in found.items() if _belongs_to(item[1], own_account_id))
        found = dict(own)
    return next(iter(found.values())) if len(found) == 1 else None


def _can_join(node: Node) -> bool:
    needed = (node.fields.get("attendeeid"), node.fields.get("jointoken"))
    return all(values.text(value, LONGEST) for value in needed)


def _belongs_to(node: Node, account_id: int | None) -> bool:
    near = [node.fields, node.parent.fields if node.parent else {}]
    said = [at.get(name) for at in near for name in ("externaluserid", "useridofmatch", "userid")]
    return account_id is not None and account_id in map(values.identity, said)


# --- AWS's spelling ------------------------------------------------------------------------------


def _meeting(node: Node) -> dict[str, Any]:
    echo = _child(_child(node, "meetingfeatures"), "audio")
    features = {"Audio": found} if (found := _picked(echo, ("EchoReduction",))) else None
    meeting = _picked(node, _MEETING) | {"MediaPlacement": _placement(node)}
    return meeting | ({"MeetingFeatures": features} if features else {})


def _placement(node: Node) -> dict[str, Any]:
    """The addresses, in their own object or beside the id."""
    return _picked(_child(node, "mediaplacement") or node, _PLACEMENT)


def _richness(node: Node) -> int:
    return len(_placement(node)) + len(_picked(node, _MEETING))


def _attendee(node: Node) -> dict[str, Any]:
    capabilities = _picked(_child(node, "capabilities"), _CAPABILITIES)
    return _picked(node, _ATTENDEE) | ({"Capabilities": capabilities} if capabilities else {})


def _child(node: Node | None, name: str) -> Node | None:
    return next((child for child in node.children if child.name == name), None) if node else None


def _picked(node: Node | None, names: Iterable[str]) -> dict[str, Any]:
    """The known fields that hold a text, under AWS's names."""
    fields = node.fields if node else {}
    found = {name: values.text(fields.get(name.lower()), LONGEST) for name in names}
    return {name: value for name, value in found.items() if value is not None}
