"""Digests of what people paste to connect, so that the same credential is recognised again."""

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
    """An HMAC under a key of its own: without the secret keys no guess can be tried.

    With another newest key the digests are others, so that a credential that was used before is
    not recognised.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        """Derive the key from the newest of the secret keys."""
        derive = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=_PURPOSE)
        self._key = derive.derive(keys[0])

    def __repr__(self) -> str:
        return "<CredentialDigest>"

    def __call__(self, credential: str) -> str:
        """Return the digest as hex."""
        return hmac.new(self._key, credential.encode(), hashlib.sha256).hexdigest()
