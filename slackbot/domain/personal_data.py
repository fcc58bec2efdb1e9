"""What is stored about one person, and the protocol for reading all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from slackbot.domain.model import Person

# The name under which the delivery engine's rows stand among the tables.
NOTICES: Final = "notices"
# The fields of such a row.
NOTICE_FIELDS: Final = ("id", "kind", "status", "created_at", "values")

# Rows by their table, each with all of its columns. Encrypted values are left out of them.
StoredData = Mapping[str, Sequence[Mapping[str, Any]]]


class PersonalDataStore(Protocol):
    """Reads every row about a person. May raise `StoreUnavailable`."""

    async def read(self, person: Person) -> StoredData:
        """Return all rows about the person, by their table. Tables without any are left out."""

    async def count_before(self, person: Person, at: datetime) -> int:
        """Count the rows about the person from before this time."""

    async def overwrite_deleted(self) -> None:
        """Make sure that nothing deleted is left in the database's files."""
