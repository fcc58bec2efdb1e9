"""Check the delivery engine's tables on PostgreSQL. On SQLite the engine creates them itself."""

from __future__ import annotations

import asyncio
from functools import partial

from slackbot.bootstrap.database import database_url
from slackbot.delivery import engine
from slackbot.domain.findings import Finding, Subject
from slackbot.domain.stores import StoreUnavailable
from slackbot.settings import Settings, SettingsError
from slackbot.storage.delivery_database import SCHEMA, DeliveryDatabase
from slackbot.storage.failures import raise_unavailable


async def check_delivery(settings: Settings) -> list[Finding]:
    """Compare the tables' version with the engine's.

    There are no findings if the database is unavailable, because another check reports that.
    """
    try:
        url = database_url(settings)
        if url.is_sqlite:
            return []
        read = partial(engine.versions, schema=SCHEMA)
        with raise_unavailable():
            current, newest = await asyncio.to_thread(DeliveryDatabase(url).inspect, read)
    except (SettingsError, StoreUnavailable):
        return []
    facts = {"current": str(current), "newest": str(newest)}
    if current == newest:
        return [Subject.DELIVERY.ok("delivery_newest", "its tables are the newest", **facts)]
    if current > newest:
        message = "its tables are those of a newer version ({current} instead of {newest})"
        hint = "install the version that made them, or go back to a backup"
        return [Subject.DELIVERY.failure("delivery_unknown", message, hint, **facts)]
    message = "its tables are missing" if not current else "its tables are {current} of {newest}"
    hint = "run slackbot migrate"
    return [Subject.DELIVERY.failure("delivery_to_migrate", message, hint, **facts)]
