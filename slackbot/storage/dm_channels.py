"""The repository of direct message channels, which are stored with links."""

from __future__ import annotations

from sqlalchemy import select, update

from slackbot.domain.model import Person
from slackbot.storage.database import Database
from slackbot.storage.statements import of
from slackbot.storage.tables import LinkRow


class DmChannels:
    """Implements `DmChannelStore` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, person: Person) -> str | None:
        """Return the Slack id of the person's channel, or None if it is not known."""
        row = await self._database.fetch_one(select(LinkRow.dm_channel).where(of(LinkRow, person)))
        return row.dm_channel if row is not None else None

    async def save(self, person: Person, channel: str) -> None:
        """Save the channel with the person's link. Without a link nothing is saved."""
        link = update(LinkRow).where(of(LinkRow, person))
        await self._database.execute(link.values(dm_channel=channel))
