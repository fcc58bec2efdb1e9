"""Detect a pooler in front of PostgreSQL, such as PgBouncer in transaction mode.

Behind such a pooler, each transaction of a connection may run in a different server process.
Session state cannot be used there. This includes prepared statements and settings (see `engines`),
LISTEN, and locks that outlast a transaction.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from slackbot.storage import engines
from slackbot.storage.failures import raise_unavailable
from slackbot.storage.url import DatabaseUrl

_PID: Final = "SELECT pg_backend_pid()"
ROUNDS: Final = 3


def shares_sessions(url: DatabaseUrl) -> bool:
    """Return whether one connection's transactions run in different server processes.

    This function blocks.

    Raises:
        StoreUnavailable: the database does not respond.
    """
    if url.is_sqlite:
        return False
    engine = engines.postgresql_unpooled(url.url)
    with raise_unavailable(), engine.connect() as one, engine.connect() as other:
        ours = {_pid(one)}
        for _ in range(ROUNDS):
            # While another connection uses a server process, ours must use a different one.
            other.exec_driver_sql("BEGIN")
            theirs = _pid(other)
            ours.add(_pid(one))
            other.exec_driver_sql("COMMIT")
            if len(ours) > 1 or theirs in ours:
                return True
    return False


def _pid(connection: Connection) -> int:
    found: int = connection.exec_driver_sql(_PID).scalar_one()
    return found
