"""The database and the keys as the settings name them, and the commands that look after both."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import Iterator
from contextlib import AsyncExitStack, aclosing, contextmanager
from functools import partial
from pathlib import Path

from slackbot.delivery import engine
from slackbot.delivery.delivery import DurableDelivery
from slackbot.delivery.engine import DeliveryUnusable
from slackbot.domain.ports import StoreUnavailable
from slackbot.domain.workers import Role
from slackbot.services.notices import Notices
from slackbot.settings import Settings, SettingsError
from slackbot.storage import migrations as schema
from slackbot.storage.database import Database, raise_unavailable
from slackbot.storage.delivery_database import SCHEMA, DeliveryDatabase
from slackbot.storage.encryption import Cipher, new_key, parse_keys
from slackbot.storage.key_rotation import RotationResult, rotate
from slackbot.storage.url import DatabaseUrl

ASK_DOCTOR = "`slackbot doctor` says what to do"


def secret_keys(settings: Settings) -> list[bytes]:
    """The keys that seal, newest first.

    Raises:
        SettingsError: they cannot be used.
    """
    try:
        return list(parse_keys(settings.slackbot_secret_keys.get_secret_value()))
    except ValueError as error:
        raise SettingsError(f"SLACKBOT_SECRET_KEYS: {error}") from None


def cipher_of(settings: Settings) -> Cipher:
    """Seals and opens with the keys of the settings.

    Raises:
        SettingsError: a key cannot be used.
    """
    return Cipher(secret_keys(settings))


def database_of(settings: Settings) -> Database:
    """The database, not opened yet.

    Raises:
        SettingsError: its URL cannot be used.
    """
    try:
        return Database(settings.database)
    except ValueError as error:
        raise SettingsError(f"DATABASE_URL: {error}") from None


def claim(settings: Settings, database: Database, role: Role, closing: AsyncExitStack) -> None:
    """On SQLite the bot is one process: hold a lock beside the file, until `closing`.

    Raises:
        SettingsError: another holds it, or the role needs PostgreSQL.
    """
    if not database.single_process:
        return
    if role is not Role.RUN:
        raise SettingsError(
            f"DATABASE_URL: `slackbot {role.value}` needs PostgreSQL; "
            "on SQLite the bot is one process: start it with `slackbot run`"
        )
    file = DatabaseUrl.parse(settings.database).file
    if file is None:
        return
    lock = Path(f"{file}.lock")
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


async def make_ready(database: Database) -> None:
    """Before a start: SQLite brings its tables up to date, PostgreSQL must have that done.

    Raises:
        SettingsError: it cannot be used as it is.
    """
    with _told_in_one_line():
        if database.single_process:
            await schema.upgrade(database)
        else:
            await schema.require_newest(database)


def launch(delivery: DurableDelivery, notices: Notices, database: DeliveryDatabase) -> None:
    """Start the delivery engine on its own tables.

    Raises:
        SettingsError: it cannot use them as they are.
    """
    if (file := database.broken()) is not None:
        raise SettingsError(
            f"DATABASE_URL: {file.name} beside the database is damaged, or none; {ASK_DOCTOR}"
        )
    try:
        delivery.launch(notices, database.options())
    except DeliveryUnusable as error:
        raise SettingsError(f"DATABASE_URL: {error}: run `{schema.MIGRATE}` first") from None


async def migrate(settings: Settings) -> list[str]:
    """Bring the tables up to date and do nothing else; the migrations that were carried out.

    Raises:
        SettingsError: the database cannot be used as it is.
    """
    with _told_in_one_line():
        async with aclosing(database_of(settings)) as opened:
            steps = await schema.upgrade(opened)
            if not opened.single_process:
                migrate = partial(engine.migrate, schema=SCHEMA)
                with raise_unavailable():
                    done = await asyncio.to_thread(
                        DeliveryDatabase(settings.database).migrate, migrate
                    )
                steps += [done] if done is not None else []
            return steps


async def rotate_keys(settings: Settings) -> RotationResult:
    """Seal everything with the newest key, beside a running bot; how many values there were.

    Raises:
        SettingsError: the database or a key cannot be used as it is.
    """
    keys = cipher_of(settings)
    with _told_in_one_line():
        async with aclosing(database_of(settings)) as opened:
            await schema.require_newest(opened)
            return await rotate(opened, keys)


def new_secret_key() -> str:
    """A fresh key for `SLACKBOT_SECRET_KEYS`."""
    return new_key()


@contextmanager
def _told_in_one_line() -> Iterator[None]:
    try:
        yield
    except StoreUnavailable as error:
        raise SettingsError(f"DATABASE_URL: the database does not answer: {error}") from None
    except schema.SchemaMismatch as error:
        raise SettingsError(f"DATABASE_URL: the database cannot be used: {error}") from None
