"""What is stored about a person: read it, export it, and erase it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from slackbot.aio.tasks import BackgroundTasks
from slackbot.domain.files import File, FileKind, FileLink, FileRequest
from slackbot.domain.model import Epoch, Person
from slackbot.domain.personal_data import NOTICES, PersonalDataStore, StoredData
from slackbot.domain.ports import Clock
from slackbot.domain.stores import StoreUnavailable
from slackbot.services.accounts import Accounts
from slackbot.services.files import Files
from slackbot.services.receipts import Receipts

LEFT_SECONDS: Final = 1.0  # timeout for leaving the session when everything is erased
# The name of the exported file.
FILE_NAME: Final = "networking-data.json"


@dataclass(frozen=True, slots=True)
class Erased:
    """The end of everything that was stored about a person."""

    at: datetime
    receipt: str
    was_linked: bool
    matches: int
    left: bool  # False if the platform may still pair them in a session


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class PersonalRecords:
    """Everything that is stored about people, with the delivery engine's rows."""

    data: PersonalDataStore
    accounts: Accounts
    clock: Clock
    # Says in words what fields hold, each as `table.column`.
    meanings: Mapping[str, Sequence[str]]

    async def read(self, person: Person) -> StoredData:
        """Return all rows about the person, by their table."""
        found = dict(await self.data.read(person))
        if epoch := _epoch_in(found):
            notices = await self.accounts.delivery.stored(epoch)
            found |= {NOTICES: notices} if notices else {}
        return found

    async def text(self, person: Person) -> str | None:
        """Return everything as JSON, or None if nothing is stored."""
        found = await self.read(person)
        if not found:
            return None
        whole = {"exported_at": self.clock.now(), "stored": found, "meaning": self.meanings}
        return json.dumps(whole, indent=1, default=_as_json)

    async def make(self, person: Person, _subject: str) -> File | None:
        """Return everything as a file (`services.files.MakeFile`)."""
        text = await self.text(person)
        if text is None:
            return None
        return File(FILE_NAME, "application/json", text.encode())


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Privacy:
    """A person's own view of their data."""

    records: PersonalRecords
    files: Files
    receipts: Receipts
    background: BackgroundTasks
    # Makes sure that nothing deleted is left in the databases' files.
    overwrite: Callable[[], Awaitable[None]]

    async def links(self, person: Person) -> list[FileLink]:
        """Return links to everything, and to the table of matches if there are any.

        There are none without a public address, or if nothing is stored.
        """
        found = await self.records.read(person)
        epoch = _epoch_in(found)
        if epoch is None:
            return []
        kinds = [FileKind.EXPORT, *([FileKind.MATCHES] if "matches" in found else [])]
        links = [self.files.link(FileRequest(kind, person, epoch)) for kind in kinds]
        return [link for link in links if link is not None]

    async def erase(self, person: Person) -> Erased:
        """Erase everything about the person, and return the receipt for it.

        Erasing again gives another receipt, because it is still true.
        """
        records = self.records
        matches = len((await records.read(person)).get("matches", ()))
        was_linked = await records.accounts.disconnect(person)
        at = records.clock.now()

        async def overwrite() -> None:
            with suppress(StoreUnavailable):
                await self.overwrite()

        self.background.start(overwrite(), "overwrite_deleted")
        return Erased(
            at=at,
            receipt=self.receipts.make(person, at),
            was_linked=was_linked,
            matches=matches,
            left=await records.accounts.leaving.confirms(person, LEFT_SECONDS),
        )


def _epoch_in(found: StoredData) -> Epoch | None:
    """Return the person's epoch, or None if they have never begun to connect."""
    rows = found.get("people", ())
    return Epoch(rows[0]["epoch"]) if rows else None


def _as_json(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
