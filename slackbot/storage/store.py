"""The `Store` implementation in SQL."""

from __future__ import annotations

import time
from collections.abc import Callable

from slackbot.domain.surfaces import Changes
from slackbot.storage.availabilities import Availabilities
from slackbot.storage.caches import Caches
from slackbot.storage.call_links import CallLinks
from slackbot.storage.contacts import Contacts, Reports
from slackbot.storage.counterparts import Counterparts
from slackbot.storage.database import Database
from slackbot.storage.departures import Departures
from slackbot.storage.dm_channels import DmChannels
from slackbot.storage.encryption import Cipher
from slackbot.storage.events import Events
from slackbot.storage.failovers import Failovers
from slackbot.storage.links import Links
from slackbot.storage.matches import Matches
from slackbot.storage.other_links import OtherLinks
from slackbot.storage.people import People
from slackbot.storage.personal_data import PersonalData
from slackbot.storage.plans import Plans, Recaps
from slackbot.storage.preferences import PreferenceRows
from slackbot.storage.retention import Retention
from slackbot.storage.snoozes import Snoozes
from slackbot.storage.surfaces import SurfaceRows
from slackbot.storage.talks import Talks
from slackbot.storage.welcomes import Welcomes


class SqlStore:
    """The repositories of one database."""

    def __init__(
        self,
        database: Database,
        cipher: Cipher,
        *,
        changes: Changes | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Create the repositories. `clock` returns seconds and is used for caches and purges.

        People whose state has been written are added to `changes`.
        """
        self.database = database
        caches = Caches(single_process=database.single_process, clock=clock, changes=changes)
        self.links = Links(database, cipher, caches)
        self.other_links = OtherLinks(database, cipher, caches)
        self.dm_channels = DmChannels(database)
        self.people = People(database, caches)
        self.availabilities = Availabilities(database, caches)
        self.preferences = PreferenceRows(database)
        self.departures = Departures(database)
        self.snoozes = Snoozes(database, caches)
        self.matches = Matches(database, cipher, caches)
        self.counterparts = Counterparts(database, caches)
        self.call_links = CallLinks(database)
        self.contacts = Contacts(database)
        self.reports = Reports(database, cipher)
        self.talks = Talks(database, caches.changes)
        self.plans = Plans(database)
        self.recaps = Recaps(database)
        self.surfaces = SurfaceRows(database)
        self.welcomes = Welcomes(database)
        self.events = Events(database, clock=clock)
        self.failovers = Failovers(database)
        self.retention = Retention(database, caches)
        self.personal_data = PersonalData(database)
