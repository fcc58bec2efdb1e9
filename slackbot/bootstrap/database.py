"""Prepare and migrate the configured database, and rotate its encryption keys.

If a setting cannot be used, a `SettingsError` names its variable.
"""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, aclosing, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from slackbot.delivery import engine
from slackbot.delivery.delivery import DurableDelivery
from slackbot.delivery.engine import DeliveryUnusable
from slackbot.domain.model import TeamId
from slackbot.domain.stores import StoreUnavailable
from slackbot.domain.workers import Role
from slackbot.services.contact_notices import ContactNotices
from slackbot.settings import Settings, SettingsError
from slackbot.storage import migrations
from slackbot.storage.database import Database
from slackbot.storage.delivery_database import SCHEMA, DeliveryDatabase
from slackbot.storage.encryption import Cipher, parse_keys
from slackbot.storage.failures import LockHeld, raise_unavailable
from slackbot.storage.key_rotation import RotationResult, rotate
from slackbot.storage.pooler import shares_sessions
from slackbot.storage.store import SqlStore
from slackbot.storage.url import DatabaseUrl


def database_url(settings: Settings) -> DatabaseUrl:
    """Return the parsed database URL."""
    try:
        return DatabaseUrl.parse(settings.database)
    except ValueError as error:
        raise SettingsError(f"DATABASE_URL: {error}") from None


def database_folder(settings: Settings) -> Path | None:
    """Return the folder of the SQLite files, or None if there is none."""
    try:
        file = database_url(settings).file
    except SettingsError:
        return None
    return file.parent if file else None


def direct_url(settings: Settings) -> DatabaseUrl:
    """Return the parsed URL that bypasses a pooler, which defaults to the database URL."""
    direct = settings.database_direct_url.get_secret_value()
    if not direct:
        return database_url(settings)
    try:
        return DatabaseUrl.parse(direct)
    except ValueError as error:
        raise SettingsError(f"DATABASE_DIRECT_URL: {error}") from None


def secret_keys(settings: Settings) -> list[bytes]:
    """Return the encryption keys, newest first."""
    try:
        return list(parse_keys(settings.slackbot_secret_keys.get_secret_value()))
    except ValueError as error:
        raise SettingsError(f"SLACKBOT_SECRET_KEYS: {error}") from None


def lock_sqlite(url: DatabaseUrl, role: Role, closing: AsyncExitStack) -> None:
    """Lock the SQLite file until `closing` exits, because the bot is a single process on SQLite.

    Raises:
        SettingsError: another process holds the lock, or the role needs PostgreSQL.
    """
    if not url.is_sqlite:
        return
    if role is not Role.RUN:
        raise SettingsError(
            f"DATABASE_URL: `slackbot {role.value}` needs PostgreSQL; "
            "on SQLite the bot is one process: start it with `slackbot run`"
        )
    if url.file is None:
        return
    lock = Path(f"{url.file}.lock")
    try:
        lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        held = closing.enter_context(lock.open("w"))
    except OSError as error:
        raise SettingsError(
            f"SLACKBOT_DATA_DIR: {lock.parent} cannot be written into ({error.strerror})"
        ) from None
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise SettingsError(
            "DATABASE_URL: another `slackbot run` works on this SQLite file"
        ) from None


async def prepare_schema(database: Database) -> None:
    """Migrate a SQLite database. On PostgreSQL, require that all migrations have been applied."""
    with as_settings_error():
        if database.single_process:
            await migrations.upgrade(database)
        else:
            await migrations.require_newest(database)


async def enter_workspace(store: SqlStore, team: TeamId) -> None:
    """Assign the database to the workspace.

    Raises:
        SettingsError: the database belongs to another workspace.
    """
    with as_settings_error():
        owner = await store.people.enter_workspace(team, datetime.now(UTC))
    if owner != team:
        raise SettingsError(
            f"SLACK_BOT_TOKEN: it is for workspace {team}, but the database holds the data of "
            f"workspace {owner}: give each workspace a database of its own"
        )


def launch_delivery(
    delivery: DurableDelivery, contacts: ContactNotices, database: DeliveryDatabase
) -> None:
    """Start the delivery engine on its own tables."""
    if (file := database.broken()) is not None:
        raise SettingsError(
            f"DATABASE_URL: {file.name} beside the database is damaged, or none; "
            "`slackbot doctor` says what to do"
        )
    try:
        with as_settings_error(), raise_unavailable():
            delivery.launch(contacts.notices, database.options(), database.sync, contacts)
    except DeliveryUnusable as error:
        raise SettingsError(f"DATABASE_URL: {error}: run `{migrations.MIGRATE}` first") from None


async def migrate(settings: Settings, waiting: Callable[[str], None]) -> list[str]:
    """Bring all tables up to date. Return one line for each migration that was applied.

    `waiting` is called with a line that names the holder while another session holds a lock.
    """
    url = direct_url(settings)
    with as_settings_error():
        if shares_sessions(url):
            raise SettingsError(
                "DATABASE_DIRECT_URL: the database is behind a pooler in transaction mode; write "
                f"here the address of the server itself, which `{migrations.MIGRATE}` needs"
            )
        async with aclosing(Database(url)) as database:
            steps = await migrations.upgrade(database, waiting=waiting)
            if not url.is_sqlite:
                migrate_delivery = partial(engine.migrate, schema=SCHEMA)
                with raise_unavailable():
                    step = await asyncio.to_thread(DeliveryDatabase(url).migrate, migrate_delivery)
                steps += [step] if step is not None else []
            return steps


async def rotate_keys(settings: Settings) -> RotationResult:
    """Encrypt all values with the newest key. The bot may be running."""
    cipher, url = Cipher(secret_keys(settings)), database_url(settings)
    with as_settings_error():
        async with aclosing(Database(url)) as database:
            await migrations.require_newest(database)
            return await rotate(database, cipher)


@contextmanager
def as_settings_error() -> Iterator[None]:
    """Translate database errors to a `SettingsError` of one line that names the variable."""
    try:
        yield
    except StoreUnavailable as error:
        raise SettingsError(f"DATABASE_URL: {error}") from None
    except LockHeld as error:
        raise SettingsError(f"DATABASE_URL: {error}") from None
    except migrations.SchemaMismatch as error:
        raise SettingsError(f"DATABASE_URL: the database cannot be used: {error}") from None
