"""Statements about matches, made once: making one costs as much as carrying it out.

Whose they are about is given with `queries.whose`; `of_…` is what is looked for, `new_…` what is
written.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import bindparam, exists, or_, select, update

from slackbot.domain.model import State
from slackbot.storage.filters import every_of_one, of_one
from slackbot.storage.tables import AvailabilityRow, MatchRow

_MATCHES = MatchRow.__table__.c

A_MATCH: Final = every_of_one(MatchRow).where(_MATCHES.id == bindparam("of_match"))
AT_EVENT: Final = (
    select(*(column for column in _MATCHES if column is not _MATCHES.call_sealed))
    .where(of_one(MatchRow), _MATCHES.event == bindparam("of_event"))
    .order_by(_MATCHES.received_at.desc(), _MATCHES.ordinal.desc())
)
"""Newest first, and without the calls."""
IN_SESSION: Final = AT_EVENT.where(_MATCHES.session_id == bindparam("of_session"))
MAY_BE_WITH: Final = IN_SESSION.where(
    or_(
        _MATCHES.partner_account_id.is_(None),
        _MATCHES.partner_account_id == bindparam("of_account"),
    )
)
"""Without those with somebody who is surely another."""

NEW_MATCH: Final[dict[str, Any]] = {it.name: bindparam(f"new_{it.name}") for it in _MATCHES}
"""The values of an insert."""
SETTLE: Final = (
    update(MatchRow)
    .where(of_one(MatchRow), _MATCHES.id == bindparam("of_match"), _MATCHES.settled_at.is_(None))
    .values({name: bindparam(f"new_{name}") for name in ("settled_at", "outcome", "channel", "ts")})
)
"""The first end stays."""
FULFIL_WISH: Final = (
    update(AvailabilityRow)
    .where(
        of_one(AvailabilityRow),
        AvailabilityRow.session_id == bindparam("of_session"),
        ~exists().where(
            of_one(MatchRow),
            _MATCHES.event == bindparam("of_event"),
            _MATCHES.session_id == bindparam("of_session"),
            _MATCHES.partner_key == bindparam("of_partner"),
            _MATCHES.ordinal == bindparam("of_ordinal"),
        ),
    )
    .values(state=State.IN_MEETING.value)
)
"""The person is in a meeting now, unless this match is known already."""
