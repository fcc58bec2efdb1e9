"""Attendees and their credentials: access tokens and magic-link keys."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from slackbot.sandbox.accelevents import refusals
from slackbot.sandbox.accelevents.refusals import RefusedError

TOKEN_LIFETIME = timedelta(hours=8)
KEY_LIFETIME = timedelta(days=1)


@dataclass(frozen=True)
class Ticket:
    """A ticket. ``max_sessions`` limits registrations; None is no limit."""

    id: int
    type: str = "Standard"
    max_sessions: int | None = None


@dataclass
class Attendee:
    """An attendee of the event. ``key`` is the sandbox's own short name for them."""

    key: str
    user_id: int
    full_name: str
    title: str | None = None
    company: str | None = None
    profile_image: str | None = None
    tickets: list[Ticket] = field(default_factory=list)
    locked: bool = False


@dataclass
class _Credential:
    attendee: str
    expires: datetime
    void: bool = False  # a token that was revoked, a key that was used


class People:
    """All attendees with their tokens and keys. ``now`` returns an aware time."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._attendees: dict[str, Attendee] = {}
        self._user_ids: set[int] = set()
        self._tokens: dict[str, _Credential] = {}
        self._keys: dict[str, _Credential] = {}

    def __getitem__(self, key: str) -> Attendee:
        return self._attendees[key]

    def __iter__(self) -> Iterator[Attendee]:
        return iter(self._attendees.values())

    def add(self, attendee: Attendee) -> Attendee:
        """Add an attendee; raise ``ValueError`` if the key or the user id is taken."""
        if attendee.key in self._attendees or attendee.user_id in self._user_ids:
            raise ValueError(f"attendee {attendee.key!r} ({attendee.user_id}) exists already")
        self._attendees[attendee.key] = attendee
        self._user_ids.add(attendee.user_id)
        return attendee

    def token_for(self, who: str, lifetime: timedelta = TOKEN_LIFETIME) -> str:
        """Return a new access token; earlier ones stay valid."""
        token = secrets.token_urlsafe(48)
        self._tokens[token] = _Credential(self[who].key, self._now() + lifetime)
        return token

    def user_key_for(self, who: str, lifetime: timedelta = KEY_LIFETIME) -> str:
        """Return a new user key, as a magic link carries it; valid once."""
        key = secrets.token_urlsafe(24)
        self._keys[key] = _Credential(self[who].key, self._now() + lifetime)
        return key

    def revoke(self, who: str) -> None:
        """Revoke every access token of an attendee."""
        for token in self._tokens.values():
            if token.attendee == who:
                token.void = True

    def holder_of(self, token: str) -> Attendee:
        """Return the holder of a token; refuse it if unknown, expired, revoked or locked."""
        credential = self._tokens.get(token)
        if credential is None or credential.void or credential.expires <= self._now():
            raise RefusedError(refusals.NOT_AUTHORISED)
        return self._unlocked(credential)

    def expiry_of(self, token: str) -> datetime:
        """Return the time at which a known token expires."""
        return self._tokens[token].expires

    def owner_of(self, user_key: str) -> Attendee:
        """Return the owner of a user key, used or not; refuse it if unknown or locked."""
        credential = self._keys.get(user_key)
        if credential is None:
            raise RefusedError(refusals.BAD_MAGIC_LINK)
        return self._unlocked(credential)

    def redeem(self, user_key: str, lifetime: timedelta = TOKEN_LIFETIME) -> str:
        """Exchange a known user key for an access token, once."""
        credential = self._keys[user_key]
        if credential.void or credential.expires <= self._now():
            raise RefusedError(refusals.LINK_USED)
        credential.void = True
        return self.token_for(credential.attendee, lifetime)

    def _unlocked(self, credential: _Credential) -> Attendee:
        attendee = self[credential.attendee]
        if attendee.locked:
            raise RefusedError(refusals.LOCKED)
        return attendee
