"""What stands in a link to a call: an opaque id, its workspace, and our signature."""

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

LONGEST_SECONDS: Final = 24 * 3600
"""A Chime meeting lasts no longer; how long a link works is written in its row."""
_ID_BYTES: Final = 18
_KEY_BYTES: Final = 32
_PURPOSE: Final = b"slackbot: links to calls, 1"
_FORM: Final = re.compile(r"[\w-]{1,400}\.[\w-]{1,12}\.[\w-]{42}[AEIMQUYcgkosw048]", re.ASCII)
"""The signature's last character carries four bits; written otherwise it would be another link."""


class LinkSigner:
    """Signs with the newest key, accepts what any of them signed."""

    def __init__(self, keys: Sequence[bytes], *, longest: int = LONGEST_SECONDS) -> None:
        """`keys` are secrets, newest first, of which others are derived; `longest` is seconds."""
        self._longest = longest
        self._serializer = URLSafeTimedSerializer(
            [_derived(key) for key in reversed(keys)],
            salt=_PURPOSE,
            signer_kwargs={"digest_method": sha256},
        )

    def __repr__(self) -> str:
        return "<LinkSigner>"

    @staticmethod
    def new_id() -> str:
        """A fresh id, of 144 random bits."""
        return secrets.token_urlsafe(_ID_BYTES)

    def sign(self, team: TeamId, link_id: str) -> str:
        """The text of a link, fit to be one part of a path."""
        return self._serializer.dumps([team, link_id])

    def read(self, signed: str) -> tuple[TeamId, str]:
        """Workspace and id of a link of ours.

        Raises:
            EntryRefused: it is none, or was signed too long ago.
        """
        if not _FORM.fullmatch(signed):
            raise EntryRefused(RefusalReason.UNKNOWN)
        try:
            team, link_id = self._serializer.loads(signed, max_age=self._longest)
        except SignatureExpired:
            raise EntryRefused(RefusalReason.EXPIRED) from None
        except BadData:
            raise EntryRefused(RefusalReason.UNKNOWN) from None
        return TeamId(team), link_id


def _derived(key: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=_PURPOSE).derive(key)
