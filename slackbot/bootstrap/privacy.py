"""What reads, keeps and erases people's data, wired to the databases."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing

from slackbot.aio.tasks import BackgroundTasks
from slackbot.bootstrap.adapters import Adapters
from slackbot.bootstrap.database import as_settings_error, database_url, secret_keys
from slackbot.bootstrap.services import Services
from slackbot.domain.model import Person, TeamId, UserId
from slackbot.services.privacy import Privacy
from slackbot.services.receipts import Receipt, Receipts
from slackbot.services.retention import Retention
from slackbot.settings import Settings
from slackbot.slack.commands.privacy_commands import PrivacyCommands
from slackbot.storage import migrations
from slackbot.storage.database import Database
from slackbot.storage.personal_data import PersonalData


def build_retention(adapters: Adapters, services: Services) -> Retention:
    """Build the deletion of what is too old."""
    return Retention(
        rows=adapters.store.retention,
        delivery=services.delivery,
        clock=services.notices.clock,
        kept=adapters.kept,
        overwrite=_overwrite_deleted(adapters),
    )


def build_privacy(
    adapters: Adapters, services: Services, background: BackgroundTasks
) -> PrivacyCommands:
    """Build the commands about a person's own data."""
    privacy = Privacy(
        records=services.records,
        files=services.files,
        receipts=adapters.receipts,
        background=background,
        overwrite=_overwrite_deleted(adapters),
    )
    return PrivacyCommands(
        privacy=privacy, days=adapters.kept.days, contact_swap=adapters.contact_swap
    )


def _overwrite_deleted(adapters: Adapters) -> Callable[[], Awaitable[None]]:
    async def overwrite() -> None:
        await adapters.store.personal_data.overwrite_deleted()
        await asyncio.to_thread(adapters.delivery_database.empty_log)

    return overwrite


def read_receipt(settings: Settings, number: str) -> Receipt:
    """Return a receipt that was checked.

    Raises:
        ReceiptRefused: The number is no receipt of this bot.
    """
    return Receipts(secret_keys(settings)).read(number)


async def count_left(settings: Settings, receipt: Receipt, user: str) -> int | None:
    """Return how many rows are left of what the receipt says was erased, or None if not theirs.

    Raises:
        StoreUnavailable: The database does not respond.
    """
    with as_settings_error():
        async with aclosing(Database(database_url(settings))) as database:
            await migrations.require_newest(database)
            data = PersonalData(database)
            teams = [TeamId(team) for team in await data.teams()]
            people = [Person(team, UserId(user)) for team in teams]
            theirs = [person for person in people if receipt.is_of(person)]
            if not theirs:
                return None
            return await data.count_before(theirs[0], receipt.erased_at)
