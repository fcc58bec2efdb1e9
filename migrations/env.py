"""Alembic's environment, which migrates a given connection or opens its own.

The bot calls `slackbot.storage.migrations.upgrade`, which passes an open connection. When Alembic
runs from the command line (`alembic upgrade head`), this module opens the database of
`DATABASE_URL`, or the default SQLite file.
"""

from __future__ import annotations

import asyncio
import os

from alembic import context
from sqlalchemy import Connection

from slackbot.storage import migrations as schema
from slackbot.storage import tables
from slackbot.storage.database import Database
from slackbot.storage.url import DatabaseUrl


def migrate(connection: Connection) -> None:
    """Run the migrations within the connection's own transaction."""
    schema.migration_lock(connection)
    context.configure(
        connection=connection,
        target_metadata=tables.Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction(), schema.foreign_keys_at_end(connection):
        context.run_migrations()


def database_url() -> str:
    """Return the URL of the database to use when Alembic runs from the command line."""
    folder = os.environ.get("SLACKBOT_DATA_DIR") or "./var"
    return os.environ.get("DATABASE_URL") or f"sqlite:///{folder}/slackbot.db"


async def migrate_own() -> None:
    """Open the database and run the migrations."""
    database = Database(DatabaseUrl.parse(database_url()))
    try:
        await database.write(migrate, migrating=True)
    finally:
        await database.aclose()


def write_sql() -> None:
    """Print the SQL statements instead of executing them (`--sql`)."""
    context.configure(
        url=database_url(), target_metadata=tables.Base.metadata, literal_binds=True, as_sql=True
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if context.is_offline_mode():
    write_sql()
elif given is not None:
    migrate(given)
else:
    asyncio.run(migrate_own())
