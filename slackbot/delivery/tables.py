"""The delivery engine's own tables on PostgreSQL; on SQLite it makes them when it is launched."""

from __future__ import annotations

import logging

from dbos import DBOS


def migrate(url: str, *, schema: str) -> None:
    """Bring its tables up to date, one process at a time; blocks for a second or two.

    `url` is that of the database, with its password.
    """
    logging.getLogger("dbos").setLevel(logging.WARNING)
    DBOS.migrate(url, schema=schema)
