"""Database URLs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

POSTGRESQL_DRIVER: Final = "postgresql+psycopg"
# Options of other clients that providers put into their URLs, and what to write instead. Other
# unknown names are not shown, because they may be part of a password without percent-encoding.
FOREIGN_OPTIONS: Final = {
    "pgbouncer": "leave it out: a pooler is recognised by itself",
    "schema": "write options=-csearch_path%3DNAME instead",
    "currentSchema": "write options=-csearch_path%3DNAME instead",
    "connection_limit": "leave it out",
    "pool_timeout": "leave it out",
    "prepared_statements": "leave it out",
    "statement_cache_size": "leave it out",
    "ssl": "write sslmode=require instead",
}


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """A supported database URL. Its repr hides the password."""

    url: URL

    @classmethod
    def parse(cls, url: str) -> DatabaseUrl:
        """Parse `sqlite:///path`, `sqlite://` (in memory) or `postgresql+psycopg://…`.

        Raises:
            ValueError: the URL is not supported. The message leaves it out, because it may
                contain a password.
        """
        try:
            parsed = make_url(url)
        except ArgumentError:
            raise ValueError("not a database URL") from None
        name, _, driver = parsed.drivername.partition("+")
        if name in {"postgresql", "postgres"} and driver in {"", "psycopg"}:
            _require_known_options(parsed)
            return cls(parsed.set(drivername=POSTGRESQL_DRIVER))
        if name == "sqlite" and not driver:
            return cls(parsed)
        raise ValueError("only sqlite:// and postgresql+psycopg:// databases can be used")

    @property
    def is_sqlite(self) -> bool:
        """True for SQLite, False for PostgreSQL."""
        return self.url.drivername == "sqlite"

    @property
    def file(self) -> Path | None:
        """The SQLite file, or None for an in-memory database and for PostgreSQL."""
        if not self.is_sqlite or self.url.database in {None, "", ":memory:"}:
            return None
        return Path(str(self.url.database))


def _require_known_options(url: URL) -> None:
    known = {option.keyword.decode() for option in psycopg.pq.Conninfo.get_defaults()}
    for name in url.query:
        if name in FOREIGN_OPTIONS:
            raise ValueError(f"its option {name} is another client's: {FOREIGN_OPTIONS[name]}")
        if name not in known:
            raise ValueError("one of its options, after the ?, is not known to PostgreSQL's client")
