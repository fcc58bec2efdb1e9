"""Receipts for erased data. They prove themselves, so nothing is stored of those who have one.

A receipt holds the time and two digests with a key of their own: one of the person, and one of
everything before it. Without the key, nobody can make a receipt, or tell whose it is.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from slackbot.domain.model import Person
from slackbot.services.call_tokens import derived_keys

_PURPOSE: Final = b"slackbot: receipts for erased data, 1"
# Crockford's alphabet, without letters that are taken for digits.
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD: Final = str.maketrans("ILO", "110", "- ")
_MARK: Final = "E"  # the first letter
_GROUP: Final = 4  # characters between dashes
_LETTERS: Final = 20
# Bits of the parts, the first of which is the highest. Together they fill the letters.
_KEY_BITS, _TIME_BITS, _PERSON_BITS, _CHECK_BITS = 10, 30, 20, 40
_ALMOST_A_SECOND: Final = timedelta(microseconds=999_999)
_BEGIN: Final = datetime(2026, 1, 1, tzinfo=UTC)


class ReceiptRefused(Exception):
    """A number is no receipt of this bot, or its key is not there any more."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt that was checked."""

    erased_at: datetime
    key: bytes
    person_digest: int

    def is_of(self, person: Person) -> bool:
        """Return whether the receipt was given to this person."""
        return _digest_of(self.key, person, self.erased_at) == self.person_digest


class Receipts:
    """Makes receipts with the newest key and checks them with all keys."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        """Derive the keys from secrets, newest first."""
        self._keys = {_id_of(key): key for key in derived_keys(keys, _PURPOSE)}
        self._newest = derived_keys(keys[:1], _PURPOSE)[0]

    def __repr__(self) -> str:
        return "<Receipts>"

    def make(self, person: Person, erased_at: datetime) -> str:
        """Return the receipt for a person whose data was erased at this time."""
        # The end of the second, so that everything that was erased is from before.
        key, at = self._newest, (erased_at + _ALMOST_A_SECOND).replace(microsecond=0)
        seconds = int((at - _BEGIN).total_seconds()) % 2**_TIME_BITS
        number = _id_of(key) << _TIME_BITS | seconds
        number = number << _PERSON_BITS | _digest_of(key, person, at)
        return _written(number << _CHECK_BITS | _check_of(key, number))

    def read(self, written: str) -> Receipt:
        """Return the receipt, also if it was copied in small letters or without its dashes.

        Raises:
            ReceiptRefused: This is no receipt of this bot, or its key was removed.
        """
        text = written.strip().upper().translate(_MISREAD)
        mark, text = text[:1], text[1:]
        if mark != _MARK or len(text) != _LETTERS or not set(text) <= set(_ALPHABET):
            raise ReceiptRefused("this is not a receipt")
        whole = 0
        for letter in text:
            whole = whole << 5 | _ALPHABET.index(letter)
        number, check = whole >> _CHECK_BITS, whole % 2**_CHECK_BITS
        key = self._keys.get(number >> (_TIME_BITS + _PERSON_BITS))
        if key is None:
            raise ReceiptRefused("no key of SLACKBOT_SECRET_KEYS made this receipt")
        if _check_of(key, number) != check:
            raise ReceiptRefused("this bot did not make this receipt")
        seconds = (number >> _PERSON_BITS) % 2**_TIME_BITS
        return Receipt(_BEGIN + timedelta(seconds=seconds), key, number % 2**_PERSON_BITS)


def _id_of(key: bytes) -> int:
    return _mac(key, "key", _KEY_BITS)


def _digest_of(key: bytes, person: Person, at: datetime) -> int:
    return _mac(key, f"person\x1f{person.team}\x1f{person.user}\x1f{at.isoformat()}", _PERSON_BITS)


def _check_of(key: bytes, number: int) -> int:
    return _mac(key, f"check\x1f{number}", _CHECK_BITS)


def _mac(key: bytes, text: str, bits: int) -> int:
    digest = hmac.new(key, text.encode(), sha256).digest()
    return int.from_bytes(digest, "big") >> (len(digest) * 8 - bits)


def _written(number: int) -> str:
    letters = [_ALPHABET[number >> 5 * place & 31] for place in reversed(range(_LETTERS))]
    groups = ["".join(letters[at : at + _GROUP]) for at in range(0, _LETTERS, _GROUP)]
    return "-".join((_MARK, *groups))
