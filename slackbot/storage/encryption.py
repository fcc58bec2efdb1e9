"""Encryption of secrets at rest.

An encrypted value has the form `v2.<key id>.<base64url(nonce + ciphertext)>`. AES-GCM binds it to a
purpose, a workspace, a person and a row, so a value that is moved elsewhere cannot be decrypted.
Values of version `v1` are not bound to a row. They remain readable until key rotation replaces
them.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from slackbot.domain.model import Person

KEY_BYTES: Final = 32
_VERSION: Final = "v2"
_UNBOUND: Final = "v1"  # the version without the row
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
# A random key has about 30 distinct bytes. A key with fewer than this is not random.
_MIN_DISTINCT_BYTES: Final = 8


class DecryptionFailed(Exception):
    """A value cannot be decrypted. The message gives the reason, never the value."""


class Cipher:
    """Encrypts with the newest key and decrypts with any key."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        """Create a cipher from keys of 32 bytes each, newest first.

        Raises:
            ValueError: there is no key, a key has the wrong length, or two keys have the same id.
        """
        if not keys:
            raise ValueError("at least one key is needed")
        if any(len(key) != KEY_BYTES for key in keys):
            raise ValueError(f"every key must have {KEY_BYTES} bytes")
        self._ciphers = {_key_id(key): AESGCM(key) for key in keys}
        if len(self._ciphers) != len(keys):
            raise ValueError("every key may be there only once")
        self._newest = _key_id(keys[0])

    def __repr__(self) -> str:
        return "<Cipher>"

    def encrypt(self, plain: bytes | str, *, person: Person, purpose: str, row: str) -> str:
        """Encrypt a value for a person, purpose and row. Each call returns a different result."""
        data = plain.encode() if isinstance(plain, str) else plain
        nonce = secrets.token_bytes(_NONCE_BYTES)
        cipher = self._ciphers[self._newest]
        place = _associated_data(_VERSION, purpose, person, row)
        encrypted = nonce + cipher.encrypt(nonce, data, place)
        return f"{_VERSION}.{self._newest}.{_to_text(encrypted)}"

    def decrypt(self, encrypted: str, *, person: Person, purpose: str, row: str) -> bytes:
        """Decrypt a value that was encrypted for this person, purpose and row.

        Raises:
            DecryptionFailed: the key is unknown, or the value was changed or belongs elsewhere.
        """
        version, _, rest = encrypted.partition(".")
        key_id, _, text = rest.partition(".")
        try:
            data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except ValueError:
            data = b""
        # Several texts decode to the same bytes. Only the canonical one is accepted.
        written = version in {_VERSION, _UNBOUND} and text == _to_text(data)
        if not written or len(data) < _NONCE_BYTES + _TAG_BYTES:
            raise DecryptionFailed("not an encrypted value")
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise DecryptionFailed("unknown key")
        nonce, ciphertext = data[:_NONCE_BYTES], data[_NONCE_BYTES:]
        try:
            place = _associated_data(version, purpose, person, row)
            return cipher.decrypt(nonce, ciphertext, place)
        except InvalidTag:
            raise DecryptionFailed("changed, or encrypted for another place") from None

    def has_key_of(self, encrypted: str) -> bool:
        """Return whether the value's key is known. The value itself is not decrypted."""
        _, _, rest = encrypted.partition(".")
        return rest.partition(".")[0] in self._ciphers

    def is_current(self, encrypted: str) -> bool:
        """Return whether the value is bound to its row and encrypted with the newest key."""
        return encrypted.startswith(f"{_VERSION}.{self._newest}.")


def parse_keys(text: str) -> tuple[bytes, ...]:
    """Parse a comma-separated list of base64 keys, newest first.

    Raises:
        ValueError: a key is not valid. The message gives its position, never its content.
    """
    keys: list[bytes] = []
    for place, part in enumerate(text.split(","), start=1):
        key = _parse_key(part.strip(), place)
        if key in keys:
            raise ValueError(f"key {place} is the same as key {keys.index(key) + 1}")
        keys.append(key)
    return tuple(keys)


def new_key() -> str:
    """Return a new random key as base64, valid for `parse_keys`."""
    return base64.b64encode(AESGCM.generate_key(bit_length=KEY_BYTES * 8)).decode()


def _parse_key(text: str, place: int) -> bytes:
    if not text:
        raise ValueError(f"key {place} is empty")
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        raise ValueError(f"key {place} is not base64") from None
    if len(key) != KEY_BYTES:
        raise ValueError(f"key {place} has {len(key)} bytes instead of {KEY_BYTES}")
    steps = {(after - before) % 256 for before, after in pairwise(key)}
    if len(steps) == 1 or len(set(key)) < _MIN_DISTINCT_BYTES:
        raise ValueError(f"key {place} is not random: make a new one")
    return key


def _key_id(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()[:8]


def _associated_data(version: str, purpose: str, person: Person, row: str) -> bytes:
    """Encode a value's context. Length prefixes distinguish ("ab", "c") from ("a", "bc")."""
    place = [version, purpose, person.team, person.user]
    if version != _UNBOUND:
        place.append(row)
    parts = [part.encode() for part in place]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def _to_text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
