"""The `Store` implementation in SQL."""

from __future__ import annotations

import time
from collections.abc import Callable

from slackbot.storage.availabilities import Availabilities
from slackbot.storage.caches import Caches
from slackbot.storage.call_links import CallLinks
from slackbot.storage.database import Database
from slackbot.storage.departures import Departures
from slackbot.storage.dm_channels import DmChannels
from slackbot.storage.encryption import Cipher
from slackbot.storage.events import Events
from slackbot.storage.failovers import Failovers
from slackbot.storage.links import Links
from slackbot.storage.matches import Matches
from slackbot.storage.people import People


class SqlStore:
    """The repositories of one database."""

    def __init__(
        self, database: Database, cipher: Cipher, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Create the repositories. `clock` returns seconds and is used for caches and purges."""
        self.database = database
        caches = Caches(single_process=database.single_process, clock=clock)
        self.links = Links(database, cipher, caches)
        self.dm_channels = DmChannels(database)
        self.people = People(database, caches)
        self.availabilities = Availabilities(database, caches)
        self.departures = Departures(database)
        self.matches = Matches(database, cipher, caches)
        self.call_links = CallLinks(database)
        self.events = Events(database, clock=clock)
        self.failovers = Failovers(database)
