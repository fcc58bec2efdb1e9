"""Attendees, and everything that proves who they are: access tokens and magic-link keys."""

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
    """What an attendee bought. ``max_sessions`` limits registrations; None is no limit."""

    id: int
    type: str = "Standard"
    max_sessions: int | None = None


@dataclass
class Attendee:
    """A person of the event. ``key`` is the sandbox's own short name for them."""

    key: str
    user_id: int
    full_name: str
    title: str | None = None
    company: str | None = None
    profile_image: str | None = None
    tickets: list[Ticket] = field(default_factory=list)
    locked: bool = False


@dataclass
class _Proof:
    attendee: str
    expires: datetime
    void: bool = False  # a token that was revoked, a key that was used


class People:
    """All attendees with their tokens and keys. ``now`` gives an aware time."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._attendees: dict[str, Attendee] = {}
        self._tokens: dict[str, _Proof] = {}
        self._keys: dict[str, _Proof] = {}

    def __getitem__(self, key: str) -> Attendee:
        return self._attendees[key]

    def __iter__(self) -> Iterator[Attendee]:
        return iter(self._attendees.values())

    def add(self, attendee: Attendee) -> Attendee:
        """Take one more attendee; ``ValueError`` when the key or the user id is taken."""
        if any(attendee.key == a.key or attendee.user_id == a.user_id for a in self):
            raise ValueError(f"attendee {attendee.key!r} ({attendee.user_id}) exists already")
        self._attendees[attendee.key] = attendee
        return attendee

    def token_for(self, who: str, lifetime: timedelta = TOKEN_LIFETIME) -> str:
        """A new access token; earlier ones stay good."""
        token = secrets.token_urlsafe(48)
        self._tokens[token] = _Proof(self[who].key, self._now() + lifetime)
        return token

    def user_key_for(self, who: str, lifetime: timedelta = KEY_LIFETIME) -> str:
        """A new user key, as a magic link carries it; good for one use."""
        key = secrets.token_urlsafe(24)
        self._keys[key] = _Proof(self[who].key, self._now() + lifetime)
        return key

    def revoke(self, who: str) -> None:
        """Make every access token of an attendee worthless from now on."""
        for proof in self._tokens.values():
            if proof.attendee == who:
                proof.void = True

    def holder_of(self, token: str) -> Attendee:
        """Whose token this is; raises the refusal for unknown, expired, revoked, locked."""
        proof = self._tokens.get(token)
        if proof is None or proof.void or proof.expires <= self._now():
            raise RefusedError(refusals.NOT_AUTHORISED)
        return self._unlocked(proof)

    def expiry_of(self, token: str) -> datetime:
        """When a known token ends."""
        return self._tokens[token].expires

    def owner_of(self, user_key: str) -> Attendee:
        """Whose user key this is, used up or not; raises the refusal for an unknown one."""
        proof = self._keys.get(user_key)
        if proof is None:
            raise RefusedError(refusals.BAD_MAGIC_LINK)
        return self._unlocked(proof)

    def redeem(self, user_key: str) -> str:
        """Turn a known user key into an access token, once."""
        proof = self._keys[user_key]
        if proof.void or proof.expires <= self._now():
            raise RefusedError(refusals.LINK_USED)
        proof.void = True
        return self.token_for(proof.attendee)

    def _unlocked(self, proof: _Proof) -> Attendee:
        attendee = self[proof.attendee]
        if attendee.locked:
            raise RefusedError(refusals.LOCKED)
        return attendee
