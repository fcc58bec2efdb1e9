"""A socket event, read by shape: is it a match, with whom, and what is needed for the call.

Nothing public says how the event looks, so no wrapping name is taken for granted. What is relied
on are the documented names inside: those of the match list's rows for the partner, those of
Amazon Chime for the call (`Meeting`, `Attendee`), each in any spelling and at any depth.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

import structlog

from slackbot.accelevents import chime
from slackbot.accelevents import parsing as values
from slackbot.accelevents.json_tree import Node, tree
from slackbot.accelevents.schemas import MatchRow, raw_time
from slackbot.accelevents.times import moment
from slackbot.domain.matching import digest
from slackbot.domain.model import MatchReport, Partner, SessionId
from slackbot.telemetry import UNREADABLE

log = structlog.get_logger()

ROUND = range(10, 7_201)
"""Seconds that a round can believably last."""
MOST_PARTNERS = 20
_IDS = ("useridofmatch", "matcheduserid")
_TIMES = ("mattimedate", "matchtimedate", "matchtime")
_MARKS = frozenset({*_IDS, "mattimedate", "matchtimedate"})
"""Names that the platform's documentation has nowhere but in a match."""
_ROUND_NAME = re.compile(
    r".*(?:duration|length|round).*sec(?:ond)?s?"
    r"|(?:meeting|match|round|networking)(?:duration|length)"
)


def read_matches(
    args: Sequence[object], zone: ZoneInfo, own_account_id: int | None
) -> list[MatchReport] | None:
    """The matches that an event's arguments tell of.

    None: something else (a chat message, an echo of a status). An empty list: a match, or
    something like it, that cannot be used; that is counted and logged without its content.
    """
    payload = tree(list(args))
    if not (any(map(_is_marked, payload.walk())) or chime.is_in(payload)):
        return None
    named = _partners(payload)
    others = [(node, who) for node, who in named if not _is(who.account_id, own_account_id)]
    seen = [_sighting(node, who, zone, own_account_id) for node, who in others[:MOST_PARTNERS]]
    if not seen or _has_nameless(payload, own_account_id):
        UNREADABLE.labels(source="socket").inc()
        log.warning("socket event not readable as a match", usable=len(seen))
    return seen


def _is_marked(node: Node) -> bool:
    return not _MARKS.isdisjoint(node.fields)


def _is(account_id: int | None, own_account_id: int | None) -> bool:
    return account_id is not None and account_id == own_account_id


# --- who -----------------------------------------------------------------------------------------


def _partners(payload: Node) -> list[tuple[Node, Partner]]:
    """Whom the payload names, and where: those with a match's own fields before all others."""
    read = [(node, MatchRow.model_validate(node.fields).partner()) for node in payload.walk()]
    named = [(node, partner) for node, partner in read if partner is not None]
    with_id = [found for found in named if _partner_id(found[0]) is not None]
    if with_id:
        return with_id
    marked = [found for found in named if _is_marked(found[0])]
    return _with_far_id(payload, marked or _merely_named(payload, named))


def _merely_named(payload: Node, named: list[tuple[Node, Partner]]) -> list[tuple[Node, Partner]]:
    """Somebody with no more than a name is a partner only beside a pass to a call or a mark."""
    if not any("jointoken" in node.fields or _is_marked(node) for node in payload.walk()):
        return []
    # A Chime attendee may bear the full name too, and it is the reader's own.
    return [found for found in named if not chime.is_attendee(found[0])]


def _with_far_id(payload: Node, named: list[tuple[Node, Partner]]) -> list[tuple[Node, Partner]]:
    """A single partner gets the id that stands elsewhere in the payload."""
    ids = {found for node in payload.walk() if (found := _partner_id(node)) is not None}
    if len(named) != 1 or len(ids) != 1:
        return named
    node, partner = named[0]
    return [(node, replace(partner, account_id=ids.pop()))]


def _partner_id(node: Node) -> int | None:
    found = (values.identity(node.fields.get(name)) for name in _IDS)
    return next((account_id for account_id in found if account_id is not None), None)


def _has_nameless(payload: Node, own_account_id: int | None) -> bool:
    """Whether somebody has an id, but there, below and above it no name."""
    return any(
        _partner_id(node) is not None
        and not _is(_partner_id(node), own_account_id)
        and not any(_has_name(near) for near in (*node.walk(), *node.upwards()))
        for node in payload.walk()
    ) and any(_has_name(node) and _is_marked(node) for node in payload.walk())


def _has_name(node: Node) -> bool:
    return any(values.text(node.fields.get(name)) for name in ("fullname", "firstname", "lastname"))


# --- what about it -------------------------------------------------------------------------------


def _sighting(
    node: Node, partner: Partner, zone: ZoneInfo, own_account_id: int | None
) -> MatchReport:
    meeting = node.nearest(chime.meeting_id)
    time = node.nearest(_time)
    session = node.nearest(_session_id)
    return MatchReport(
        partner=partner,
        session_id=None if session is None else SessionId(session),
        raw_time=time,
        matched_at=moment(time, zone),
        meeting_digest=None if meeting is None else digest(meeting),
        call=None if meeting is None else chime.call(node, meeting, own_account_id),
        round_seconds=node.nearest(_round_seconds),
    )


def _time(node: Node) -> str | None:
    return next((raw for name in _TIMES if (raw := raw_time(node.fields.get(name)))), None)


def _session_id(node: Node) -> int | None:
    """`sessionId`, or the `session` itself as an id or as an object with one."""
    for name in ("sessionid", "networkingsessionid", "session"):
        if (found := values.identity(node.fields.get(name))) is not None:
            return found
    return values.identity(node.fields.get("id")) if node.name == "session" else None


def _round_seconds(node: Node) -> int | None:
    for name, value in node.fields.items():
        seconds = values.number(value)
        if seconds is not None and seconds in ROUND and _ROUND_NAME.fullmatch(name):
            return seconds
    return None
