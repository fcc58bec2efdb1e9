"""Find the matches in a socket event by its structure.

The event is not publicly documented, so its outer structure is not assumed. Only the documented
inner names are used: the fields of match list rows for the partner, and the fields of Amazon Chime
(`Meeting`, `Attendee`) for the call. They may have any spelling and occur at any depth.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from slackbot.accelevents import chime, parsing
from slackbot.accelevents.json_tree import Node, build_tree
from slackbot.accelevents.schemas import MatchRow
from slackbot.domain.model import MatchReport, Partner, SessionId
from slackbot.domain.text import digest
from slackbot.telemetry import UNREADABLE

log = structlog.get_logger(__name__)

ROUND_SECONDS: Final = range(10, 7_201)  # plausible lengths of a round
MAX_PARTNERS: Final = 20  # per event
_PARTNER_ID_FIELDS: Final = ("useridofmatch", "matcheduserid")
_TIME_FIELDS: Final = ("mattimedate", "matchtimedate", "matchtime")
_NAME_FIELDS: Final = ("fullname", "firstname", "lastname")
# Names that the platform's documentation uses only in matches.
_MATCH_FIELDS: Final = frozenset({*_PARTNER_ID_FIELDS, "mattimedate", "matchtimedate"})
_ROUND_FIELD: Final = re.compile(
    r".*(?:duration|length|round).*sec(?:ond)?s?"
    r"|(?:meeting|match|round|networking)(?:duration|length)"
)


def read_matches(
    args: Sequence[object], zone: ZoneInfo, own_account_id: int | None
) -> list[MatchReport] | None:
    """Return the matches in the arguments of an event.

    Return None if the event is not about a match, such as a chat message or a status change. Return
    an empty list if no match is usable. Unusable matches and unreadable binary content are counted
    and logged without their content.
    """
    payload = build_tree(list(args))
    if not (any(map(_has_match_field, payload.walk())) or chime.has_call_details(payload)):
        if any(node.opaque for node in payload.walk()):
            UNREADABLE.labels(source="socket").inc()
            log.warning("binary_event_unreadable")
        return None
    partners = [
        (node, partner)
        for node, partner in _find_partners(payload)
        if partner.account_id is None or partner.account_id != own_account_id
    ]
    reports = [_report(*found, zone, own_account_id) for found in partners[:MAX_PARTNERS]]
    if not reports or _has_nameless_partner(payload, own_account_id):
        UNREADABLE.labels(source="socket").inc()
        log.warning("match_event_unreadable", usable=len(reports))
    return reports


def _find_partners(payload: Node) -> list[tuple[Node, Partner]]:
    """Return the partners and their nodes. Prefer those with fields that occur only in matches."""
    read = [
        (node, MatchRow.model_validate(node.fields).partner())
        for node in payload.walk()
        if any(name in node.fields for name in _NAME_FIELDS)
    ]
    named = [(node, partner) for node, partner in read if partner is not None]
    found = [(node, partner) for node, partner in named if _partner_id(node) is not None]
    if found:
        return found
    found = [(node, partner) for node, partner in named if _has_match_field(node)]
    if not found and any(
        "jointoken" in node.fields or _has_match_field(node) for node in payload.walk()
    ):
        # An object with only a name is a partner if the payload has a join token or a match field.
        # A Chime attendee is excluded because its name may be the person's own.
        found = [(node, partner) for node, partner in named if not chime.is_attendee(node)]
    ids = {partner_id for node in payload.walk() if (partner_id := _partner_id(node)) is not None}
    if len(found) == 1 and len(ids) == 1:  # the only partner's id is elsewhere in the payload
        node, partner = found[0]
        return [(node, replace(partner, account_id=ids.pop()))]
    return found


def _has_match_field(node: Node) -> bool:
    return not _MATCH_FIELDS.isdisjoint(node.fields)


def _name(node: Node) -> str | None:
    return node.first(_NAME_FIELDS, parsing.text)


def _raw_time(node: Node) -> str | None:
    return node.first(_TIME_FIELDS, parsing.raw_time)


def _partner_id(node: Node) -> int | None:
    return node.first(_PARTNER_ID_FIELDS, parsing.identifier)


def _has_nameless_partner(payload: Node, own_account_id: int | None) -> bool:
    """Return True if there is no name in the node of a partner's id, nor above or below it.

    Return False unless another partner has a name.
    """
    return any(
        _partner_id(node) not in {None, own_account_id}
        and not node.distinct(_name)
        and not any(map(_name, node.upwards()))
        for node in payload.walk()
    ) and any(_name(node) and _has_match_field(node) for node in payload.walk())


def _report(
    node: Node, partner: Partner, zone: ZoneInfo, own_account_id: int | None
) -> MatchReport:
    meeting_id = node.nearest(chime.meeting_id)
    time = node.nearest(_raw_time)
    session_id = node.nearest(_session_id)
    return MatchReport(
        partner=partner,
        session_id=None if session_id is None else SessionId(session_id),
        raw_time=time,
        matched_at=parsing.timestamp(time, zone),
        meeting_digest=None if meeting_id is None else digest(meeting_id),
        call=None if meeting_id is None else chime.find_call(node, meeting_id, own_account_id),
        round_seconds=node.nearest(_round_seconds),
    )


def _session_id(node: Node) -> int | None:
    """Return the value of `sessionId`, or the value or id of `session`."""
    names = ["sessionid", "networkingsessionid", "session"]
    if node.name == "session":
        names.append("id")
    return node.first(names, parsing.identifier)


def _round_seconds(node: Node) -> int | None:
    for name in filter(_is_round_field, node.fields):
        seconds = parsing.integer(node.fields[name])
        # `None in range(…)` would compare None with each of the thousands of numbers.
        if seconds is not None and seconds in ROUND_SECONDS:
            return seconds
    return None


@lru_cache(maxsize=2048)  # all events have the same names
def _is_round_field(name: str) -> bool:
    return _ROUND_FIELD.fullmatch(name) is not None
