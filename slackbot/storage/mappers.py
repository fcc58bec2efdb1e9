"""Mapping between rows and domain records.

Columns have the same names as their fields. The exceptions are tokens and calls, which are
encrypted here, and partners.
"""

from __future__ import annotations

import json
from dataclasses import fields
from enum import Enum
from typing import Any, Final

import structlog
from pydantic import SecretStr
from sqlalchemy import Row

from slackbot.domain.calls import CallLink
from slackbot.domain.model import (
    AuthScheme,
    Availability,
    Call,
    Departure,
    Link,
    Match,
    MatchId,
    Partner,
    Person,
    Source,
    State,
    TeamId,
    UserId,
)
from slackbot.domain.plans import PlannedSession
from slackbot.domain.snoozes import Snooze
from slackbot.domain.surfaces import Home, StateCard
from slackbot.storage.encryption import Cipher, DecryptionFailed

log = structlog.get_logger(__name__)

# Purposes of encrypted values.
TOKEN: Final = "token"  # noqa: S105 - a purpose, not a token
CALL: Final = "call"
REPORT: Final = "report"
_PARTNER_FIELDS: Final = tuple(field.name for field in fields(Partner))

Record = (
    Link | Availability | Departure | Snooze | Match | CallLink | Home | StateCard | PlannedSession
)
Values = dict[str, Any]


def values_of(record: Record, *unmapped: str) -> Values:
    """Return the column values of a record, except for its `unmapped` fields."""
    values: Values = {"team_id": record.person.team, "user_id": record.person.user}
    for field in fields(record):
        if field.name not in {"person", *unmapped}:
            value = getattr(record, field.name)
            values[field.name] = value.value if isinstance(value, Enum) else value
    return values


def _fields(row: Row[Any], record: type[Record]) -> Values:
    """Return the record's fields for which the row has columns."""
    columns = row._asdict()
    names = [field.name for field in fields(record) if field.name in columns]
    return {"person": person_of(row), **{name: columns[name] for name in names}}


def person_of(row: Row[Any]) -> Person:
    """Return the person that a row belongs to."""
    return Person(TeamId(row.team_id), UserId(row.user_id))


def link_values(link: Link, cipher: Cipher) -> Values:
    """Return the column values of a link, with the token encrypted."""
    token = link.token.get_secret_value()
    sealed = cipher.encrypt(token, person=link.person, purpose=TOKEN, row=link.event)
    return {**values_of(link, "token"), "token_sealed": sealed}


def link_of(row: Row[Any], cipher: Cipher) -> Link:
    """Build a link from a row.

    Raises:
        DecryptionFailed: the token cannot be decrypted.
    """
    values = _fields(row, Link)
    place = {"person": values["person"], "purpose": TOKEN, "row": row.event}
    token = cipher.decrypt(row.token_sealed, **place)
    values["auth_scheme"] = AuthScheme(row.auth_scheme)
    return Link(**values, token=SecretStr(token.decode()))


def readable_link(row: Row[Any], cipher: Cipher) -> Link | None:
    """Build a link from a row, or log that its token cannot be decrypted and return None."""
    try:
        return link_of(row, cipher)
    except DecryptionFailed as error:
        log.warning("link_not_decrypted", reason=str(error), team=row.team_id, user=row.user_id)
        return None


def availability_of(row: Row[Any]) -> Availability:
    """Build an availability from a row."""
    return Availability(**_fields(row, Availability) | {"state": State(row.state)})


def departure_of(row: Row[Any]) -> Departure:
    """Build a departure from a row."""
    return Departure(**_fields(row, Departure))


def plan_of(row: Row[Any]) -> PlannedSession:
    """Build a planned session from a row."""
    return PlannedSession(**_fields(row, PlannedSession))


def snooze_of(row: Row[Any]) -> Snooze:
    """Build a pause that ends by itself from a row."""
    return Snooze(**_fields(row, Snooze))


def call_link_of(row: Row[Any]) -> CallLink:
    """Build a call link from a row."""
    return CallLink(**_fields(row, CallLink))


def match_values(match: Match, cipher: Cipher) -> Values:
    """Return the column values of a match, with the call encrypted."""
    sealed = encrypted_call(match.call, match.person, match.id, cipher)
    values = values_of(match, "partner", "call") | partner_values(match.partner)
    return {**values, "call_sealed": sealed}


def partner_values(partner: Partner) -> Values:
    """Return the column values of a partner."""
    return {f"partner_{name}": getattr(partner, name) for name in _PARTNER_FIELDS}


def match_of(row: Row[Any], cipher: Cipher | None = None) -> Match:
    """Build a match from a row. Without `cipher`, or if decryption fails, it has no call."""
    values = _fields(row, Match)
    values["source"] = Source(row.source)
    details = {name: getattr(row, f"partner_{name}") for name in _PARTNER_FIELDS}
    call = _decrypted_call(row, values["person"], cipher) if cipher is not None else None
    return Match(**values, partner=Partner(**details), call=call)


def encrypted_call(
    call: Call | None, person: Person, match_id: MatchId, cipher: Cipher
) -> str | None:
    """Return the call as one encrypted value, or None if there is no call."""
    if call is None:
        return None
    plain = json.dumps({"meeting": dict(call.meeting), "attendee": dict(call.attendee)})
    return cipher.encrypt(plain, person=person, purpose=CALL, row=match_id)


def _decrypted_call(row: Row[Any], person: Person, cipher: Cipher) -> Call | None:
    if row.call_sealed is None:
        return None
    try:
        call = cipher.decrypt(row.call_sealed, person=person, purpose=CALL, row=row.id)
        plain = json.loads(call)
    except DecryptionFailed as error:
        log.warning("call_not_decrypted", reason=str(error), team=person.team, user=person.user)
        return None
    return Call(meeting=plain["meeting"], attendee=plain["attendee"])
