"""Digests of credentials, used to recognise a credential that is submitted again."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_KEY_BYTES: Final = 32
_PURPOSE: Final = b"slackbot: digests of credentials, 1"


class CredentialDigest:
    """Computes the HMAC of a credential, so a guess cannot be checked without the secret keys.

    If the newest key changes, all digests change, and earlier credentials are not recognised.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        """Derive the HMAC key from the newest secret key."""
        derive = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=_PURPOSE)
        self._key = derive.derive(keys[0])

    def __repr__(self) -> str:
        return "<CredentialDigest>"

    def __call__(self, credential: str) -> str:
        """Return the digest as hex."""
        return hmac.new(self._key, credential.encode(), hashlib.sha256).hexdigest()
