"""Find out whether a pooler stands before PostgreSQL, such as PgBouncer in transaction mode.

There each transaction of a connection may run in another server process. So nothing may be kept in
a session: no prepared statements and settings (see `engines`), no LISTEN, no lock beyond a
transaction.
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
    """Return whether transactions of one connection run in several server processes. Blocks.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    if url.is_sqlite:
        return False
    engine = engines.postgresql_unpooled(url.url)
    with raise_unavailable(), engine.connect() as one, engine.connect() as other:
        ours = {_pid(one)}
        for _ in range(ROUNDS):
            # While another connection holds a process, ours must do with a different one.
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
