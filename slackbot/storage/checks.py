"""Check a database without creating, migrating or changing anything."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from pathlib import Path
from typing import Final

from sqlalchemy import func, select, union
from sqlalchemy.exc import SQLAlchemyError

from slackbot.aio.reachability import connection_problem, host_finding
from slackbot.domain.findings import Finding, Subject
from slackbot.storage import migrations as schema
from slackbot.storage.database import Database
from slackbot.storage.delivery_database import BROKEN, DeliveryDatabase
from slackbot.storage.encryption import Cipher
from slackbot.storage.failures import cause_of
from slackbot.storage.pooler import shares_sessions
from slackbot.storage.tables import LinkRow, MatchRow
from slackbot.storage.url import DatabaseUrl

# Messages of PostgreSQL's client for failed connections, which have no error codes.
_HOST_PROBLEMS: Final = (
    ("connection refused", "connection_refused"),
    ("resolve host", "host_unknown"),
    ("timeout", "no_answer"),
)
_KEY_ID_END: Final = 12  # characters of an encrypted value up to the end of its key id


async def check_database(url: str, cipher: Cipher | None) -> list[Finding]:
    """Check the database, its schema and the keys that encrypted its values."""
    try:
        parsed = DatabaseUrl.parse(url)
        database = Database(parsed)
    except (ValueError, ImportError) as error:
        why = str(error) if isinstance(error, ValueError) else "its driver is not installed"
        hint = "leave it empty, or write postgresql+psycopg://user:password@host/name"
        unusable = "DATABASE_URL: {why}"
        return [Subject.DATABASE.failure("database_url_unusable", unusable, hint, why=why)]
    try:
        if not parsed.is_sqlite:
            return await _check_open(database, cipher) + await _check_connection(parsed)
        unopened = _check_file(parsed.file)
        found = [unopened] if unopened else await _check_open(database, cipher)
        if (file := DeliveryDatabase(parsed).broken()) is not None:
            message = "{path} is damaged or no SQLite database"
            hint = "stop the bot and move the file away: nothing is sent twice without it"
            damaged = Subject.DATABASE.failure("delivery_broken", message, hint, path=str(file))
            found.append(damaged)
        return found
    except (SQLAlchemyError, OSError, UnicodeError) as error:
        return [_query_failed(error)]
    finally:
        await database.aclose()


def _check_file(file: Path | None) -> Finding | None:
    """Check a SQLite file before it is opened. Return None if it exists and can be opened."""
    if file is None:
        return Subject.DATABASE.warning(
            "database_forgets",
            "in memory: everything is forgotten at each stop",
            "leave DATABASE_URL empty for a file in SLACKBOT_DATA_DIR",
        )
    folder = file.parent  # or its nearest existing parent
    while not folder.exists() and folder.parent != folder:
        folder = folder.parent
    try:
        # Permissions do not reveal a full or read-only disk, so write a temporary file.
        with tempfile.TemporaryFile(dir=folder) as trial:
            trial.write(b"x")
    except OSError as error:
        return Subject.DATABASE.failure(
            "folder_unusable",
            "nothing can be written into {path} ({why})",
            "let SLACKBOT_DATA_DIR be a folder that the bot's user owns",
            path=str(file.parent),
            why=error.strerror or type(error).__name__,
        )
    if not file.exists():
        message = "none yet at {path}; slackbot run makes it"
        return Subject.DATABASE.ok("database_new", message, path=str(file))
    try:
        with file.open("r+b"):
            return None
    except OSError as error:
        return Subject.DATABASE.failure(
            "file_unusable",
            "{path} cannot be read and written ({why})",
            "give the file to the bot's user",
            path=str(file),
            why=error.strerror or type(error).__name__,
        )


async def _check_connection(url: DatabaseUrl) -> list[Finding]:
    """Warn about a pooler that shares sessions, and about TLS without certificate verification."""
    found = []
    if await asyncio.to_thread(shares_sessions, url):
        message = "is behind a pooler in transaction mode, which the bot works with"
        hint = "set DATABASE_DIRECT_URL, for migrate and so that workers are woken at once"
        found.append(Subject.DATABASE.warning("database_pooled", message, hint))
    if url.url.query.get("sslmode") == "require" and "sslrootcert" not in url.url.query:
        message = "TLS is asked for, but anybody's certificate is taken for the server's"
        hint = "write sslmode=verify-full&sslrootcert=FILE with the provider's CA"
        found.append(Subject.DATABASE.warning("database_unverified", message, hint))
    return found


async def _check_open(database: Database, cipher: Cipher | None) -> list[Finding]:
    current, head = await schema.current_and_head(database)
    revisions = {"current": current or "none", "head": head}
    found = [Subject.DATABASE.ok("database_answers", "answers")]
    if current == head:
        found.append(Subject.SCHEMA.ok("schema_newest", "{current}, the newest", **revisions))
        if cipher is not None and (lost := await _lost_keys(database, cipher)):
            hint = (
                "add them again at the end of SLACKBOT_SECRET_KEYS, "
                "or those people must connect anew"
            )
            message = "{count} of the keys that sealed what is in the database are missing"
            found.append(Subject.KEYS.failure("key_lost", message, hint, count=str(lost)))
        return found
    message = "{current} instead of {head}"
    if current is not None and not schema.is_known(current):
        message = "{current} is not known to this version, which ends at {head}"
        hint = "install the version that made it, or go back to a backup"
        found.append(Subject.SCHEMA.failure("schema_unknown", message, hint, **revisions))
    elif database.single_process:
        hint = "nothing: slackbot run brings it up to date, as slackbot migrate does"
        found.append(Subject.SCHEMA.warning("schema_old", message, hint, **revisions))
    else:
        hint = "run slackbot migrate"
        found.append(Subject.SCHEMA.failure("schema_to_migrate", message, hint, **revisions))
    return found


async def _lost_keys(database: Database, cipher: Cipher) -> int:
    """Count the keys in use in the database that `cipher` does not have."""
    key_ids = union(
        select(func.substr(LinkRow.token_sealed, 1, _KEY_ID_END).label("head")),
        select(func.substr(MatchRow.call_sealed, 1, _KEY_ID_END).label("head")),
    ).subquery()
    heads = await database.fetch_column(select(key_ids.c.head))
    return sum(1 for head in heads if head and not cipher.has_key_of(head))


def _query_failed(error: Exception) -> Finding:
    """Classify an error. Its text is left out because it may contain the database's address."""
    cause = cause_of(error)
    name = cause.sqlite_errorname if isinstance(cause, sqlite3.Error) else type(cause).__name__
    if name in BROKEN:
        message = "the file is damaged or no SQLite database"
        hint = "put the last backup in its place, or move it away to begin anew"
        return Subject.DATABASE.failure("not_a_database", message, hint)
    text = str(cause).lower()
    if "authentication failed" in text:
        message = "the server refuses user or password"
        hint = "check both in DATABASE_URL; a password with @ : / in it must be percent-encoded"
        return Subject.DATABASE.failure("password_refused", message, hint)
    if "does not exist" in text:
        message = "the server has no such database or user"
        hint = "create it, or check DATABASE_URL"
        return Subject.DATABASE.failure("database_unknown", message, hint)
    problem = next((found for words, found in _HOST_PROBLEMS if words in text), None)
    problem = problem or connection_problem(error)
    if problem != "line_cut":
        return host_finding(Subject.DATABASE, problem)
    message, hint = "it cannot be used ({why})", "check DATABASE_URL, and that the server runs"
    return Subject.DATABASE.failure("database_failed", message, hint, why=name)
