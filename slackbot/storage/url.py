"""Database URLs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

POSTGRESQL_DRIVER: Final = "postgresql+psycopg"


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """A database URL that can be used. Its repr hides the password."""

    url: URL

    @classmethod
    def parse(cls, url: str | DatabaseUrl) -> DatabaseUrl:
        """Parse `sqlite:///path`, `sqlite://` (in memory) or `postgresql+psycopg://…`.

        Raises:
            ValueError: not such a URL. The message does not repeat it: it may hold a password.
        """
        if isinstance(url, DatabaseUrl):
            return url
        try:
            parsed = make_url(url)
        except ArgumentError:
            raise ValueError("not a database URL") from None
        name, _, driver = parsed.drivername.partition("+")
        if name in {"postgresql", "postgres"} and driver in {"", "psycopg"}:
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
        """The SQLite file; None in memory and on PostgreSQL."""
        if not self.is_sqlite or self.url.database in {None, "", ":memory:"}:
            return None
        return Path(str(self.url.database))
