"""Signed tokens for links to calls. A token contains an opaque id and its workspace."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer

from slackbot.domain.calls import EntryRefused, RefusalReason
from slackbot.domain.model import TeamId

# The maximum duration of a Chime meeting. The link's row sets its actual expiry.
MAX_AGE_SECONDS: Final = 24 * 3600
_ID_BYTES: Final = 18
_KEY_BYTES: Final = 32
_PURPOSE: Final = b"slackbot: links to calls, 1"
# The signature's last character carries only four bits, so several spellings decode to the same
# bytes. Only the canonical one is accepted.
SIGNATURE: Final = r"[\w-]{42}[AEIMQUYcgkosw048]"
_FORM: Final = re.compile(rf"[\w-]{{1,400}}\.[\w-]{{1,12}}\.{SIGNATURE}", re.ASCII)


def derived_keys(keys: Sequence[bytes], purpose: bytes) -> list[bytes]:
    """Return the signing keys of a purpose, oldest first, from secrets that are newest first."""
    return [
        HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=purpose).derive(key)
        for key in reversed(keys)
    ]


class LinkSigner:
    """Signs with the newest key and verifies with all keys."""

    def __init__(self, keys: Sequence[bytes], *, max_age: int = MAX_AGE_SECONDS) -> None:
        """Derive the signing keys from secrets, newest first. `max_age` is in seconds."""
        self._max_age = max_age
        self._serializer = URLSafeTimedSerializer(
            derived_keys(keys, _PURPOSE), salt=_PURPOSE, signer_kwargs={"digest_method": sha256}
        )

    def __repr__(self) -> str:
        return "<LinkSigner>"

    @staticmethod
    def new_id() -> str:
        """Return a new id of 144 random bits."""
        return secrets.token_urlsafe(_ID_BYTES)

    def sign(self, team: TeamId, link_id: str) -> str:
        """Return the token of a link, as one URL path segment."""
        return self._serializer.dumps([team, link_id])

    def read(self, signed: str) -> tuple[TeamId, str]:
        """Return the workspace and link id of a token.

        Raises:
            EntryRefused: The signature is not valid, or the token is too old.
        """
        if not _FORM.fullmatch(signed):
            raise EntryRefused(RefusalReason.UNKNOWN)
        try:
            team, link_id = self._serializer.loads(signed, max_age=self._max_age)
        except SignatureExpired:
            raise EntryRefused(RefusalReason.EXPIRED) from None
        except BadData:
            raise EntryRefused(RefusalReason.UNKNOWN) from None
        return TeamId(team), link_id
