"""Between rows and the domain's values. Tokens and calls are sealed and opened here."""

from __future__ import annotations

import json
from typing import Any

import structlog
from pydantic import SecretStr
from sqlalchemy import Row

from slackbot.domain.calls import CallLink
from slackbot.domain.model import (
    AuthScheme,
    Availability,
    Call,
    EventSlug,
    Link,
    Match,
    MatchId,
    Partner,
    Person,
    SessionId,
    Source,
    State,
    TeamId,
    UserId,
)
from slackbot.storage.encryption import Cipher, DecryptionFailed

log = structlog.get_logger(__name__)

TOKEN = "token"  # noqa: S105
CALL = "call"

Values = dict[str, Any]


def person_of(row: Row[Any]) -> Person:
    """Whose row it is."""
    return Person(TeamId(row.team_id), UserId(row.user_id))


def link_values(link: Link, cipher: Cipher) -> Values:
    """Column values of a link, its token sealed."""
    return {
        "team_id": link.person.team,
        "user_id": link.person.user,
        "event": link.event,
        "token_sealed": cipher.encrypt(
            link.token.get_secret_value(), person=link.person, purpose=TOKEN
        ),
        "auth_scheme": link.auth_scheme.value,
        "account_id": link.account_id,
        "expires_at": link.expires_at,
        "linked_at": link.linked_at,
        "credential_digest": link.credential_digest,
        "refused_at": link.refused_at,
        "unreachable": link.unreachable,
    }


def link_of(row: Row[Any], cipher: Cipher) -> Link:
    """The link of a row.

    Raises:
        SealBroken: the token cannot be opened.
    """
    person = person_of(row)
    return Link(
        person=person,
        event=EventSlug(row.event),
        token=SecretStr(cipher.open(row.token_sealed, person=person, purpose=TOKEN).decode()),
        auth_scheme=AuthScheme(row.auth_scheme),
        linked_at=row.linked_at,
        credential_digest=row.credential_digest,
        account_id=row.account_id,
        expires_at=row.expires_at,
        refused_at=row.refused_at,
        unreachable=row.unreachable,
    )


def availability_values(availability: Availability) -> Values:
    """Column values of an availability."""
    return {
        "team_id": availability.person.team,
        "user_id": availability.person.user,
        "event": availability.event,
        "session_id": availability.session_id,
        "session_title": availability.session_title,
        "state": availability.state.value,
        "since": availability.since,
        "session_ends_at": availability.session_ends_at,
    }


def availability_of(row: Row[Any]) -> Availability:
    """The availability of a row."""
    return Availability(
        person=person_of(row),
        event=EventSlug(row.event),
        session_id=SessionId(row.session_id),
        session_title=row.session_title,
        state=State(row.state),
        since=row.since,
        session_ends_at=row.session_ends_at,
    )


def partner_values(partner: Partner) -> Values:
    """Column values of what is known of a partner beside the name."""
    return {
        "partner_account_id": partner.account_id,
        "partner_title": partner.title,
        "partner_company": partner.company,
        "partner_picture": partner.picture,
    }


def match_values(match: Match, cipher: Cipher) -> Values:
    """Column values of a match, its call sealed."""
    return {
        "team_id": match.person.team,
        "user_id": match.person.user,
        "id": match.id,
        "event": match.event,
        "session_id": match.session_id,
        "session_title": match.session_title,
        "partner_name": match.partner.name,
        **partner_values(match.partner),
        "partner_key": match.partner_key,
        "ordinal": match.ordinal,
        "source": match.source.value,
        "received_at": match.received_at,
        "raw_time": match.raw_time,
        "matched_at": match.matched_at,
        "meeting_digest": match.meeting_digest,
        "call_sealed": sealed_call(match.call, match.person, cipher),
        "ends_at": match.ends_at,
        "settled_at": match.settled_at,
        "outcome": match.outcome,
        "channel": match.channel,
        "ts": match.ts,
        "over_at": match.over_at,
        "answer": match.answer,
    }


def match_of(row: Row[Any], cipher: Cipher | None = None) -> Match:
    """The match of a row; without its call when there is nothing to open it with.

    That it cannot be opened is logged.
    """
    person = person_of(row)
    return Match(
        id=MatchId(row.id),
        person=person,
        event=EventSlug(row.event),
        session_id=SessionId(row.session_id),
        session_title=row.session_title,
        partner=Partner(
            name=row.partner_name,
            account_id=row.partner_account_id,
            title=row.partner_title,
            company=row.partner_company,
            picture=row.partner_picture,
        ),
        partner_key=row.partner_key,
        ordinal=row.ordinal,
        source=Source(row.source),
        received_at=row.received_at,
        raw_time=row.raw_time,
        matched_at=row.matched_at,
        meeting_digest=row.meeting_digest,
        call=_opened_call(row, person, cipher) if cipher is not None else None,
        ends_at=row.ends_at,
        settled_at=row.settled_at,
        outcome=row.outcome,
        channel=row.channel,
        ts=row.ts,
        over_at=row.over_at,
        answer=row.answer,
    )


def sealed_call(call: Call | None, person: Person, cipher: Cipher) -> str | None:
    """The call as one sealed value."""
    if call is None:
        return None
    plain = json.dumps({"meeting": dict(call.meeting), "attendee": dict(call.attendee)})
    return cipher.encrypt(plain, person=person, purpose=CALL)


def _opened_call(row: Row[Any], person: Person, cipher: Cipher) -> Call | None:
    if row.call_sealed is None:
        return None
    try:
        plain = json.loads(cipher.open(row.call_sealed, person=person, purpose=CALL))
    except DecryptionFailed as broken:
        log.warning("call_not_decrypted", reason=str(broken), team=person.team, user=person.user)
        return None
    return Call(meeting=plain["meeting"], attendee=plain["attendee"])


def call_link_values(link: CallLink) -> Values:
    """Column values of a link to a call."""
    return {
        "team_id": link.person.team,
        "id_digest": link.id_digest,
        "user_id": link.person.user,
        "match_id": link.match_id,
        "made_at": link.made_at,
        "expires_at": link.expires_at,
        "revoked_at": link.revoked_at,
        "browser_digest": link.browser_digest,
        "opened_at": link.opened_at,
        "joined_at": link.joined_at,
        "left_at": link.left_at,
    }


def call_link_of(row: Row[Any]) -> CallLink:
    """The link to a call of a row."""
    return CallLink(
        person=person_of(row),
        match_id=MatchId(row.match_id),
        id_digest=row.id_digest,
        made_at=row.made_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        browser_digest=row.browser_digest,
        opened_at=row.opened_at,
        joined_at=row.joined_at,
        left_at=row.left_at,
    )
