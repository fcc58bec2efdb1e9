"""Tests of keys and of the cipher."""

from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from slackbot.domain.model import Person, TeamId, UserId
from slackbot.storage.encryption import Cipher, DecryptionFailed, new_key, parse_keys


def text(key: bytes) -> str:
    return base64.b64encode(key).decode()


GOOD = text(hashlib.sha256(b"a key for tests").digest())


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("", "key 1 is empty"),
        (f"{GOOD},", "key 2 is empty"),
        ("change-me!", "key 1 is not base64"),
        (f"{GOOD}, ключ", "key 2 is not base64"),
        (text(b"short"), "key 1 has 5 bytes instead of 32"),
        (text(bytes(31)), "key 1 has 31 bytes instead of 32"),
        (text(bytes(32)), "key 1 is not random"),
        (text(b"a" * 32), "key 1 is not random"),
        (text(b"secret" * 5 + b"se"), "key 1 is not random"),
        (text(bytes(range(32))), "key 1 is not random"),
        (f"{GOOD},{GOOD}", "key 2 is the same as key 1"),
    ],
)
def test_an_unusable_key_is_named_by_its_place(typed: str, error: str):
    """The error says which key and what is wrong with it, and shows nothing of any."""
    with pytest.raises(ValueError, match=error) as refused:
        parse_keys(typed)
    assert GOOD not in str(refused.value)
    assert refused.value.__cause__ is None


def test_keys_are_parsed_newest_first():
    """Spaces around the commas do not matter."""
    newer = new_key()
    assert parse_keys(f" {newer} , {GOOD}\n") == (
        base64.b64decode(newer),
        base64.b64decode(GOOD),
    )


@pytest.mark.parametrize("keys", [[], [b"short"], [bytes(33)], [bytes(32), bytes(32)]])
def test_a_cipher_needs_whole_and_different_keys(keys: list[bytes]):
    """None, a wrong length or the same key twice is refused."""
    with pytest.raises(ValueError):
        Cipher(keys)


def test_a_cipher_shows_no_secret():
    """Neither its repr nor its errors contain keys or values."""
    key = base64.b64decode(GOOD)
    cipher, person = Cipher([key]), Person(TeamId("T"), UserId("U"))
    assert repr(cipher) == str(cipher) == "<Cipher>"
    sealed = cipher.encrypt("the token", person=person, purpose="token", row="r")
    with pytest.raises(DecryptionFailed) as refused:
        cipher.decrypt(sealed, person=person, purpose="call", row="r")
    shown = repr(refused.value)
    assert all(part not in shown for part in ("token", sealed.split(".")[1], sealed.split(".")[2]))
    assert refused.value.__cause__ is None


def test_a_value_of_the_first_version_can_be_read():
    """It was bound to no row. It is not current, so that key rotation replaces it."""
    key, person = bytes(range(32)), Person(TeamId("T1"), UserId("U1"))
    parts = [b"v1", b"token", b"T1", b"U1"]
    place = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    sealed = bytes(12) + AESGCM(key).encrypt(bytes(12), b"the token", place)
    key_id = hashlib.sha256(key).hexdigest()[:8]
    old = f"v1.{key_id}.{base64.urlsafe_b64encode(sealed).decode().rstrip('=')}"
    cipher = Cipher([key])
    for row in ("expo", "another"):
        assert cipher.decrypt(old, person=person, purpose="token", row=row) == b"the token"
    assert not cipher.is_current(old)
    with pytest.raises(DecryptionFailed):
        cipher.decrypt(f"v2{old[2:]}", person=person, purpose="token", row="expo")
