"""What the platform answers, read tolerantly: sessions, the token, the match list.

Unknown fields are ignored, names may be spelt in any case, and no value is trusted to have its
documented type. A row that cannot be used is skipped and counted, never the whole answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

import structlog
from pydantic import AliasChoices, BaseModel, BeforeValidator, Field, SecretStr, model_validator

from slackbot.accelevents import parsing as values
from slackbot.accelevents.times import moment
from slackbot.domain.errors import Unreadable
from slackbot.domain.model import Grant, MatchReport, Partner, Session, SessionId
from slackbot.telemetry import UNREADABLE

log = structlog.get_logger()

NETWORKING = "MEET_UP"
LONGEST_TOKEN = 16_384
_LISTS = ("data", "matches", "content", "rows", "items", "results")

Text = Annotated[str | None, BeforeValidator(values.text)]
Company = Annotated[str | None, BeforeValidator(values.company)]
Picture = Annotated[str | None, BeforeValidator(values.picture)]
Number = Annotated[int | None, BeforeValidator(values.number)]
Identity = Annotated[int | None, BeforeValidator(values.identity)]


GivenT = TypeVar("GivenT")
RowT = TypeVar("RowT")


class _Row(BaseModel):
    """A JSON object; fields are declared by their folded names."""

    @model_validator(mode="before")
    @classmethod
    def _fold(cls, row: Any) -> Any:
        return values.with_folded_names(row) if isinstance(row, dict) else {}


# --- sessions ------------------------------------------------------------------------------------


def _names(tracks: object) -> tuple[str, ...]:
    rows = tracks if isinstance(tracks, list) else []
    named = [values.text(row.get("name")) for row in rows if isinstance(row, dict)]
    return tuple(name for name in named if name)


def _registered(tickets: object) -> bool:
    """Whether `currentUserRegisteredEventTicketId`, an array or a single id, holds any."""
    held = tickets if isinstance(tickets, list) else [tickets]
    return any(values.identity(ticket) is not None for ticket in held)


class _Stats(_Row):
    taken: Number = Field(None, alias="registeredusercount")


class SessionRow(_Row):
    """One row of a session list."""

    id: Identity = Field(None, validation_alias=AliasChoices("sessionid", "id"))
    title: Text = None
    format: Text = None
    starts: Any = Field(None, alias="starttime")
    ends: Any = Field(None, alias="endtime")
    location: Text = None
    tracks: Annotated[tuple[str, ...], BeforeValidator(_names)] = ()
    registered: Annotated[bool, BeforeValidator(_registered)] = Field(
        False, alias="currentuserregisteredeventticketid"
    )
    capacity: Number = None
    stats: _Stats = Field(default_factory=_Stats, alias="sessionstats")

    def session(self, zone: ZoneInfo) -> Session | None:
        """The session, or None for a row without an id."""
        if self.id is None:
            return None
        return Session(
            id=SessionId(self.id),
            title=self.title or f"Session {self.id}",
            starts_at=moment(self.starts, zone),
            ends_at=moment(self.ends, zone),
            tracks=self.tracks,
            location=self.location,
            registered=self.registered,
            capacity=self.capacity or None,
            taken=self.stats.taken,
        )


class SessionPage(_Row):
    """The envelope of a session list."""

    rows: list[Any] = Field(alias="data")
    in_all: Number = Field(None, alias="recordsfiltered")


def read_page(answer: object) -> SessionPage:
    """The envelope.

    Raises:
        Unreadable: no object with an array `data`.
    """
    page = values.with_folded_names(answer) if isinstance(answer, dict) else {}
    if not isinstance(page.get("data"), list):
        raise Unreadable
    return SessionPage.model_validate(page)


def read_sessions(rows: Iterable[object], zone: ZoneInfo) -> list[Session]:
    """The networking sessions among the rows; a row of another format is left out."""
    read = [SessionRow.model_validate(row) for row in rows]
    ours = (row for row in read if row.format in {None, NETWORKING})
    return _usable(ours, lambda row: row.session(zone), "sessions")


# --- the token -----------------------------------------------------------------------------------


class TokenAnswer(_Row):
    """The answer to a login. `expires_in` is a date and time, not a number of seconds."""

    token: str = Field(alias="accesstoken", min_length=1, max_length=LONGEST_TOKEN)
    account: Identity = Field(None, alias="userid")
    expires: Any = Field(None, alias="expiresin")


def read_grant(answer: object, zone: ZoneInfo) -> Grant:
    """The token that a magic link gives.

    Raises:
        Unreadable: no token in it.
    """
    try:
        read = TokenAnswer.model_validate(answer)
    except ValueError:
        raise Unreadable from None
    token = read.token.strip()
    if not token.isascii() or not token.isprintable() or not token:
        raise Unreadable
    return Grant(
        token=SecretStr(token), account_id=read.account, expires_at=_expiry(read.expires, zone)
    )


def _expiry(value: object, zone: ZoneInfo) -> datetime | None:
    return moment(value, zone) if isinstance(value, str) else None


# --- matches -------------------------------------------------------------------------------------


class MatchRow(_Row):
    """One row of the match list; partners in a socket event have the same fields."""

    account: Identity = Field(
        None, validation_alias=AliasChoices("useridofmatch", "matcheduserid", "userid")
    )
    full_name: Text = Field(None, alias="fullname")
    first_name: Text = Field(None, alias="firstname")
    last_name: Text = Field(None, alias="lastname")
    title: Text = None
    company: Company = None
    picture: Picture = Field(None, alias="profileimage")
    time: Any = Field(
        None, validation_alias=AliasChoices("mattimedate", "matchtimedate", "matchtime")
    )
    session: Identity = Field(None, alias="sessionid")

    def partner(self) -> Partner | None:
        """The partner, or None for somebody without a name."""
        parts = " ".join(part for part in (self.first_name, self.last_name) if part)
        name = self.full_name or values.text(parts)
        if name is None:
            return None
        return Partner(
            name=name,
            account_id=self.account,
            title=self.title,
            company=self.company,
            picture=self.picture,
        )

    def report(self, zone: ZoneInfo) -> MatchReport | None:
        """What the row tells of a match, or None for a row without a name."""
        partner = self.partner()
        if partner is None:
            return None
        return MatchReport(
            partner=partner,
            session_id=None if self.session is None else SessionId(self.session),
            raw_time=raw_time(self.time),
            matched_at=moment(self.time, zone),
        )


def raw_time(value: object) -> str | None:
    """The time as it was written: only ever compared with another such text."""
    if isinstance(value, (int, float)) and values.number(value) is not None:
        return str(values.number(value))
    return values.text(value, 64)


def read_match_list(answer: object, zone: ZoneInfo) -> list[MatchReport]:
    """The rows of the match list, bare or in an envelope, in the platform's order.

    Raises:
        Unreadable: there is no list in it.
    """

    def read(row: object) -> MatchReport | None:
        return MatchRow.model_validate(row).report(zone)

    return _usable(_rows(answer), read, "matches")


def _rows(answer: object) -> list[object]:
    if isinstance(answer, list):
        return answer
    fields = values.with_folded_names(answer) if isinstance(answer, dict) else {}
    for name in _LISTS:
        if isinstance(rows := fields.get(name), list):
            return rows
    raise Unreadable


def _usable(
    rows: Iterable[GivenT], read: Callable[[GivenT], RowT | None], source: str
) -> list[RowT]:
    found = [read(row) for row in rows]
    usable = [row for row in found if row is not None]
    if skipped := len(found) - len(usable):
        UNREADABLE.labels(source=source).inc(skipped)
        log.warning("rows skipped", source=source, skipped=skipped, read=len(usable))
    return usable
