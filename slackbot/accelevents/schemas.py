"""Schemas for the platform's responses: sessions, the token and the match list.

Parsing is lenient. Unknown fields are ignored, field names may have any case, and values need not
have their documented type. Unusable rows are skipped and counted, but do not fail the response.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Final, TypeVar
from zoneinfo import ZoneInfo

import structlog
from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from slackbot.accelevents import parsing
from slackbot.domain.errors import Unreadable
from slackbot.domain.model import Grant, MatchReport, Partner, Session, SessionId
from slackbot.telemetry import UNREADABLE

log = structlog.get_logger(__name__)

NETWORKING: Final = "MEET_UP"  # the format of networking sessions
MAX_TOKEN: Final = 16_384  # characters
MAX_SESSIONS: Final = 500  # per response; 100 are requested, but the server may ignore that
MAX_SPEAKERS: Final = 5  # that are shown of a session
MAX_MATCHES: Final = 300  # per person and session; 24 hours have 288 rounds
_LIST_FIELDS: Final = ("data", "matches", "content", "rows", "items", "results")

Text = Annotated[str | None, BeforeValidator(parsing.text)]
Line = Annotated[str | None, BeforeValidator(parsing.first_line)]
Company = Annotated[str | None, BeforeValidator(parsing.company)]
Url = Annotated[str | None, BeforeValidator(parsing.https_url)]
Flag = Annotated[bool, BeforeValidator(parsing.flag)]
Integer = Annotated[int | None, BeforeValidator(parsing.integer)]
Identifier = Annotated[int | None, BeforeValidator(parsing.identifier)]
T = TypeVar("T")


class _Row(BaseModel):
    """A JSON object whose fields are declared by their folded names."""

    @model_validator(mode="before")
    @classmethod
    def _fold(cls, row: Any) -> Any:
        return parsing.fold_names(row) if isinstance(row, dict) else {}


class _Stats(_Row):
    taken: Integer = Field(None, alias="registeredusercount")


class SessionRow(_Row):
    """One row of a session list."""

    id: Identifier = Field(None, validation_alias=AliasChoices("sessionid", "id"))
    title: Text = None
    format: Text = None
    starts: Any = Field(None, alias="starttime")
    ends: Any = Field(None, alias="endtime")
    location: Text = None
    description: Line = None
    tracks: tuple[str, ...] = ()
    speakers: tuple[str, ...] = Field((), alias="speakerlist")
    recorded: Flag = Field(False, alias="recordsession")
    visibility: Text = Field(None, alias="sessionvisibilitytype")
    registered: bool = Field(False, alias="currentuserregisteredeventticketid")
    capacity: Integer = None
    stats: _Stats = Field(default_factory=_Stats, alias="sessionstats")

    @field_validator("tracks", mode="before")
    @classmethod
    def _track_names(cls, tracks: object) -> tuple[str, ...]:
        rows = tracks if isinstance(tracks, list) else []
        names = [parsing.text(row.get("name")) for row in rows if isinstance(row, dict)]
        return tuple(name for name in names if name)

    @field_validator("speakers", mode="before")
    @classmethod
    def _speaker_names(cls, speakers: object) -> tuple[str, ...]:
        rows = speakers if isinstance(speakers, list) else []
        names = [MatchRow.model_validate(row).partner() for row in rows[:MAX_SPEAKERS]]
        return tuple(person.name for person in names if person is not None)

    @field_validator("registered", mode="before")
    @classmethod
    def _is_registered(cls, tickets: object) -> bool:
        """Return True if the list or the single value contains a ticket id."""
        ids = tickets if isinstance(tickets, list) else [tickets]
        return any(parsing.identifier(ticket) is not None for ticket in ids)

    def session(self, zone: ZoneInfo) -> Session | None:
        """Return the session, or None if the row has no id."""
        if self.id is None:
            return None
        return Session(
            id=SessionId(self.id),
            title=self.title or f"Session {self.id}",
            starts_at=parsing.timestamp(self.starts, zone),
            ends_at=parsing.timestamp(self.ends, zone),
            tracks=self.tracks,
            location=self.location,
            registered=self.registered,
            capacity=self.capacity or None,
            taken=self.stats.taken,
            description=self.description,
            speakers=self.speakers,
            recorded=self.recorded,
            private=(self.visibility or "").casefold() == "private",
        )


class SessionPage(_Row):
    """The envelope of a session list."""

    rows: list[Any] = Field(alias="data", max_length=MAX_SESSIONS)
    total: Integer = Field(None, alias="recordsfiltered")


def read_page(answer: object) -> SessionPage:
    """Return the envelope of a session list.

    Raises:
        Unreadable: The response is not an object with an array `data` of bounded length.
    """
    try:
        return SessionPage.model_validate(answer)
    except ValueError:
        raise Unreadable from None


def read_sessions(rows: Iterable[object], zone: ZoneInfo) -> list[Session]:
    """Parse the rows, and return the networking sessions."""
    read = [SessionRow.model_validate(row) for row in rows]
    networking = [row for row in read if row.format in {None, NETWORKING}]
    return _usable([row.session(zone) for row in networking], "sessions")


def read_other_sessions(rows: Iterable[object], zone: ZoneInfo) -> list[Session]:
    """Parse the rows, and return the sessions that are known to be no networking sessions."""
    read = [SessionRow.model_validate(row) for row in rows]
    others = [row for row in read if row.format not in {None, NETWORKING}]
    return _usable([row.session(zone) for row in others], "sessions")


class TokenAnswer(_Row):
    """The response to a login. `expires_in` is a date and time, not a number of seconds."""

    token: str = Field(alias="accesstoken", min_length=1, max_length=MAX_TOKEN)
    account: Identifier = Field(None, alias="userid")
    # The login of speakers and exhibitors is documented to return these.
    first_name: Text = Field(None, alias="firstname")
    last_name: Text = Field(None, alias="lastname")
    email: Text = None
    expires: Any = Field(None, alias="expiresin")

    @property
    def name(self) -> str | None:
        """The name of the account, or else its e-mail address."""
        return _full_name(self.first_name, self.last_name) or self.email


def read_grant(answer: object, zone: ZoneInfo) -> Grant:
    """Return the token from the response to a login.

    Raises:
        Unreadable: The response has no token, or its token cannot be sent in a header.
    """
    try:
        read = TokenAnswer.model_validate(answer)
    except ValueError:
        raise Unreadable from None
    token = read.token.strip()
    if not token.isascii() or not token.isprintable() or not token:
        raise Unreadable
    expires_at = parsing.timestamp(read.expires, zone) if isinstance(read.expires, str) else None
    return Grant(
        token=SecretStr(token),
        account_id=read.account,
        account_name=read.name,
        expires_at=expires_at,
    )


def _full_name(first: str | None, last: str | None) -> str | None:
    return parsing.text(" ".join(part for part in (first, last) if part))


class MatchRow(_Row):
    """One row of the match list. Partners in a socket event have the same fields."""

    account: Identifier = Field(
        None, validation_alias=AliasChoices("useridofmatch", "matcheduserid", "userid")
    )
    full_name: Text = Field(None, alias="fullname")
    first_name: Text = Field(None, alias="firstname")
    last_name: Text = Field(None, alias="lastname")
    title: Text = None
    company: Company = None
    picture: Url = Field(None, alias="profileimage")
    time: Any = Field(
        None, validation_alias=AliasChoices("mattimedate", "matchtimedate", "matchtime")
    )
    session: Identifier = Field(None, alias="sessionid")

    def partner(self) -> Partner | None:
        """Return the partner, or None if the row has no name."""
        name = self.full_name or _full_name(self.first_name, self.last_name)
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
        """Return the reported match, or None if the row has no name."""
        if (partner := self.partner()) is None:
            return None
        return MatchReport(
            partner=partner,
            session_id=None if self.session is None else SessionId(self.session),
            raw_time=parsing.raw_time(self.time),
            matched_at=parsing.timestamp(self.time, zone),
        )


def read_match_list(answer: object, zone: ZoneInfo) -> list[MatchReport]:
    """Return the rows of the match list in their original order. An envelope is optional.

    Raises:
        Unreadable: The response contains no list, or the list is too long.
    """
    fields = parsing.fold_names(answer) if isinstance(answer, dict) else {}
    for rows in (answer, *map(fields.get, _LIST_FIELDS)):
        if isinstance(rows, list):
            if len(rows) > MAX_MATCHES:
                raise Unreadable
            return _usable([MatchRow.model_validate(row).report(zone) for row in rows], "matches")
    raise Unreadable


def _usable(results: list[T | None], source: str) -> list[T]:
    """Return the rows that could be parsed. Count and log the others."""
    usable = [result for result in results if result is not None]
    if skipped := len(results) - len(usable):
        UNREADABLE.labels(source=source).inc(skipped)
        log.warning("rows_skipped", source=source, skipped=skipped, read=len(usable))
    return usable
