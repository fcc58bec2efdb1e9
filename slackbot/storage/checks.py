"""Looks at a database as it lies there: nothing is created, migrated or changed."""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path

from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import func, make_url, select, union
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from slackbot.domain.findings import Cause, Finding, Subject, why_unreached
from slackbot.storage import migrations as schema
from slackbot.storage.database import Database
from slackbot.storage.delivery_database import BROKEN, DeliveryDatabase
from slackbot.storage.encryption import Cipher
from slackbot.storage.tables import LinkRow, MatchRow

_SAID = (
    ("authentication failed", Cause.PASSWORD_REFUSED),
    ("does not exist", Cause.DATABASE_UNKNOWN),
    ("connection refused", Cause.CONNECTION_REFUSED),
    ("resolve host", Cause.HOST_UNKNOWN),
    ("timeout", Cause.NO_ANSWER),
)
"""What PostgreSQL's client says when there is no connection; it gives no codes then."""
_SEAL_HEAD = 12
"""Characters of a sealed value up to the end of its key's id."""


async def probe_database(url: str, cipher: Cipher | None) -> list[Finding]:
    """The database, its schema, and whether `cipher` has every key that sealed something in it."""
    try:
        database = Database(url)
    except ValueError as error:
        facts = {"why": str(error)}
        return [Finding(Subject.DATABASE, Cause.DATABASE_URL_UNUSABLE, facts)]
    except ImportError:
        facts = {"why": "its driver is not installed"}
        return [Finding(Subject.DATABASE, Cause.DATABASE_URL_UNUSABLE, facts)]
    try:
        kind = make_url(url).get_backend_name()
        if kind != "sqlite":
            return await _opened(database, cipher, migrates_itself=False)
        found = _not_to_be_opened(url) or await _opened(database, cipher, migrates_itself=True)
        return found + _of_delivery(url)
    except (SQLAlchemyError, OSError, UnicodeError) as error:
        return [_failed(error)]
    finally:
        await database.aclose()


def _of_delivery(url: str) -> list[Finding]:
    """The delivery engine's own file beside ours."""
    file = DeliveryDatabase(url).broken()
    if file is None:
        return []
    return [Finding(Subject.DATABASE, Cause.DELIVERY_BROKEN, {"path": str(file)})]


def _not_to_be_opened(url: str) -> list[Finding]:
    """What there is to say of a SQLite file that opening it would create, or could not."""
    path = make_url(url).database
    if path in {None, "", ":memory:"}:
        return [Finding(Subject.DATABASE, Cause.DATABASE_FORGETS)]
    file = Path(str(path))
    told = {"path": str(file)}
    try:
        _write_into(_nearest_folder(file.parent))
    except OSError as error:
        told = {"path": str(file.parent), "why": error.strerror or type(error).__name__}
        return [Finding(Subject.DATABASE, Cause.FOLDER_UNUSABLE, told)]
    if not file.exists():
        return [Finding(Subject.DATABASE, Cause.DATABASE_NEW, told)]
    try:
        with file.open("r+b"):
            return []
    except OSError as error:
        told["why"] = error.strerror or type(error).__name__
        return [Finding(Subject.DATABASE, Cause.FILE_UNUSABLE, told)]


def _nearest_folder(folder: Path) -> Path:
    """The folder, or the one that it would be made in."""
    while not folder.exists() and folder.parent != folder:
        folder = folder.parent
    return folder


def _write_into(folder: Path) -> None:
    """Permissions do not tell all (a full or read-only disk, root), so a file is written."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"x")


async def _opened(
    database: Database, cipher: Cipher | None, *, migrates_itself: bool
) -> list[Finding]:
    current, head = await schema.current_and_head(database)
    found = [Finding(Subject.DATABASE, Cause.DATABASE_ANSWERS)]
    told = {"current": current or "none", "head": head}
    if current == head:
        found.append(Finding(Subject.SCHEMA, Cause.SCHEMA_NEWEST, told))
        if cipher is not None:
            found += await _lost_keys(database, cipher)
    elif current is not None and not _is_known(current):
        found.append(Finding(Subject.SCHEMA, Cause.SCHEMA_UNKNOWN, told))
    else:
        cause = Cause.SCHEMA_OLD if migrates_itself else Cause.SCHEMA_TO_MIGRATE
        found.append(Finding(Subject.SCHEMA, cause, told))
    return found


def _is_known(revision: str) -> bool:
    try:
        return bool(ScriptDirectory.from_config(schema.configuration()).get_revision(revision))
    except CommandError:
        return False


async def _lost_keys(database: Database, cipher: Cipher) -> list[Finding]:
    """Seals that none of the keys made: what they hold cannot be read any more."""
    sealed = union(
        select(func.substr(LinkRow.token_sealed, 1, _SEAL_HEAD).label("head")),
        select(func.substr(MatchRow.call_sealed, 1, _SEAL_HEAD).label("head")),
    ).subquery()
    heads: list[str | None] = await database.all(select(sealed.c.head))
    lost = [head for head in heads if head and not cipher.has_key_of(head)]
    return [Finding(Subject.KEYS, Cause.KEY_LOST, {"count": str(len(lost))})] if lost else []


def _failed(error: Exception) -> Finding:
    """Which kind of failure. The text itself stays here: it may hold the address."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    name = cause.sqlite_errorname if isinstance(cause, sqlite3.Error) else type(cause).__name__
    if name in BROKEN:
        return Finding(Subject.DATABASE, Cause.NOT_A_DATABASE)
    text = str(cause).lower()
    known = [told for words, told in _SAID if words in text] or [why_unreached(error)]
    if known[0] is not Cause.LINE_CUT:
        return Finding(Subject.DATABASE, known[0])
    return Finding(Subject.DATABASE, Cause.DATABASE_FAILED, {"why": name})
