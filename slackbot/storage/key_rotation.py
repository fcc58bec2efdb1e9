"""Key rotation, which encrypts every value with the newest key so that older ones can be removed.

Values in an older format are encrypted again too.

Rotation can run while the bot is running. A value is written only if it has not changed since it
was read. If the bot has replaced it, the batch is read again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Executable, Select, select, tuple_, union, update

from slackbot.domain.model import Person, TeamId, UserId
from slackbot.storage.contact_tables import ReportRow
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher, DecryptionFailed
from slackbot.storage.mappers import CALL, REPORT, TOKEN
from slackbot.storage.tables import LinkRow, MatchRow, OtherLinkRow

# Number of rows per batch. The bot may write between the read and the write of a batch.
BATCH_SIZE: Final = 200

Key = tuple[str, ...]


@dataclass(slots=True)
class RotationResult:
    """The number of encrypted values, by outcome."""

    rotated: int = 0
    already_current: int = 0
    # Number of values that no key decrypts, by reason. They are left unchanged.
    undecryptable: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class EncryptedColumn:
    """A column of encrypted values."""

    column: Any
    # The columns of the primary key after the workspace. The person comes first.
    key: tuple[Any, ...]
    # The column that identifies the row to which the value is bound.
    row: Any
    purpose: str

    def select_batch(self, team: TeamId, after: Key | None, size: int) -> Select[Any]:
        """Select the next batch of a workspace's values, in key order."""
        query = select(*self.key, self.row.label("row"), self.column).where(
            self.column.class_.team_id == team, self.column.is_not(None)
        )
        if after is not None:
            query = query.where(tuple_(*self.key) > after)
        return query.order_by(*self.key).limit(size)

    def replace(self, team: TeamId, key: Key, old: str, new: str) -> Executable:
        """Build an UPDATE that replaces a value only if it is still `old`."""
        table = self.column.class_
        row = [column == value for column, value in zip(self.key, key, strict=True)]
        same = update(table).where(table.team_id == team, *row, self.column == old)
        return same.values({self.column.key: new})


ENCRYPTED_COLUMNS: Final = (
    EncryptedColumn(LinkRow.token_sealed, (LinkRow.user_id,), LinkRow.event, TOKEN),
    EncryptedColumn(
        OtherLinkRow.token_sealed,
        (OtherLinkRow.user_id, OtherLinkRow.event),
        OtherLinkRow.event,
        TOKEN,
    ),
    EncryptedColumn(
        ReportRow.reason_sealed, (ReportRow.user_id, ReportRow.match_id), ReportRow.match_id, REPORT
    ),
    EncryptedColumn(MatchRow.call_sealed, (MatchRow.user_id, MatchRow.id), MatchRow.id, CALL),
)


async def rotate(
    database: Database, cipher: Cipher, *, batch_size: int = BATCH_SIZE
) -> RotationResult:
    """Encrypt every value with the newest key.

    Raises:
        StoreUnavailable: the database does not respond. Run the rotation again to finish it.
    """
    result = RotationResult()
    # This is the only query that is not limited to one workspace, because it lists them.
    teams = union(select(LinkRow.team_id), select(MatchRow.team_id)).subquery()
    for team in await database.fetch_column(select(teams.c.team_id).order_by(teams.c.team_id)):
        for column in ENCRYPTED_COLUMNS:
            after: Key | None = None
            while keys := await _rotate_batch(
                database, cipher, column, column.select_batch(team, after, batch_size), team, result
            ):
                after = keys[-1]
    return result


async def _rotate_batch(
    database: Database,
    cipher: Cipher,
    column: EncryptedColumn,
    batch: Select[Any],
    team: TeamId,
    result: RotationResult,
) -> list[Key]:
    """Rotate a batch, and repeat it if values were replaced meanwhile. Return its keys."""
    rotated: set[Key] = set()
    while True:
        values: dict[Key, tuple[str, str]] = {}
        for found in await database.fetch_all(batch):
            *key, row, sealed = list(found)
            values[tuple(key)] = row, sealed
        new, failed = _encrypt_again(cipher, column.purpose, team, values)
        updates = [column.replace(team, key, values[key][1], value) for key, value in new.items()]
        counts = await database.execute_each(*updates) if updates else []
        rotated |= {key for key, count in zip(new, counts, strict=True) if count}
        if all(counts):
            break
    result.rotated += len(rotated)
    result.undecryptable.update(failed.values())
    result.already_current += len(values.keys() - rotated - failed.keys())
    return list(values)


def _encrypt_again(
    cipher: Cipher, purpose: str, team: TeamId, values: dict[Key, tuple[str, str]]
) -> tuple[dict[Key, str], dict[Key, str]]:
    """Return the newly encrypted values, and the reasons why others cannot be decrypted."""
    new, failed = {}, {}
    for key, (row, old) in values.items():
        person = Person(team, UserId(key[0]))
        try:
            plain = cipher.decrypt(old, person=person, purpose=purpose, row=row)
        except DecryptionFailed as error:
            failed[key] = str(error)
            continue
        if not cipher.is_current(old):
            new[key] = cipher.encrypt(plain, person=person, purpose=purpose, row=row)
    return new, failed
