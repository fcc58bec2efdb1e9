"""Create and read signed links to files. A link holds ids, an expiry and a signature only."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

import structlog
from itsdangerous import BadData, URLSafeSerializer

from slackbot.domain.files import (
    LIFETIMES,
    File,
    FileKind,
    FileLink,
    FileRefusal,
    FileRefused,
    FileRequest,
)
from slackbot.domain.model import Epoch, Person, TeamId, UserId
from slackbot.domain.ports import Clock
from slackbot.domain.stores import PeopleStore
from slackbot.services.call_tokens import SIGNATURE, derived_keys

log = structlog.get_logger(__name__)

_PURPOSE: Final = b"slackbot: links to files, 1"
_FORM: Final = re.compile(rf"\.?[\w-]{{1,600}}\.{SIGNATURE}", re.ASCII)

# Makes the file of a person, or None if there is nothing to make it of. It changes nothing, because
# link previews and mail scanners open links too.
MakeFile = Callable[[Person, str], Awaitable[File | None]]


class FileSigner:
    """Signs with the newest key and verifies with all keys."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        """Derive the signing keys from secrets, newest first."""
        self._serializer = URLSafeSerializer(
            derived_keys(keys, _PURPOSE), salt=_PURPOSE, signer_kwargs={"digest_method": sha256}
        )

    def __repr__(self) -> str:
        return "<FileSigner>"

    def sign(self, request: FileRequest, expires_at: datetime) -> str:
        """Return the token of a request, as one URL path segment."""
        person = request.person
        values = [request.kind.value, person.team, person.user, request.person_epoch]
        return self._serializer.dumps([*values, request.subject, int(expires_at.timestamp())])

    def read(self, signed: str, now: datetime) -> FileRequest:
        """Return the request of a token.

        Raises:
            FileRefused: The signature is not valid, or the token is too old.
        """
        if not _FORM.fullmatch(signed):
            raise FileRefused(FileRefusal.UNKNOWN)
        try:
            kind, team, user, epoch, subject, expires = self._serializer.loads(signed)
        except BadData:
            raise FileRefused(FileRefusal.UNKNOWN) from None
        if now >= datetime.fromtimestamp(expires, UTC):
            raise FileRefused(FileRefusal.EXPIRED)
        person = Person(TeamId(team), UserId(user))
        return FileRequest(FileKind(kind), person, Epoch(epoch), subject)


@dataclass(eq=False, repr=False, kw_only=True)
class Files:
    """The files that people download. Nothing is stored of a link."""

    people: PeopleStore
    clock: Clock
    signer: FileSigner
    page: str | None  # the base URL of links; None if there is no public address
    makers: Mapping[FileKind, MakeFile]

    def link(self, request: FileRequest) -> FileLink | None:
        """Return a link to the file, or None if there is no public address."""
        if self.page is None:
            return None
        expires_at = (self.clock.now() + LIFETIMES[request.kind]).replace(microsecond=0)
        return FileLink(f"{self.page}/{self.signer.sign(request, expires_at)}", expires_at)

    async def open(self, signed: str) -> File:
        """Return the file of a link.

        Raises:
            FileRefused: The link is not valid, or its person's data is deleted.
            StoreUnavailable: The link cannot be checked now. The caller may retry.
        """
        request = self.signer.read(signed, self.clock.now())
        file = None
        epoch, team = request.person_epoch, request.person.team
        if await self.people.known_epochs(team, [epoch]):
            file = await self.makers[request.kind](request.person, request.subject)
        if file is None:
            raise FileRefused(FileRefusal.GONE)
        log.info("file_downloaded", kind=request.kind.value)
        return file
