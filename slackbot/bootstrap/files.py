"""The files that people download, and the app that serves them."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.types import ASGIApp

from slackbot.bootstrap.adapters import Adapters, SystemClock
from slackbot.domain.files import FileKind
from slackbot.domain.media_hosts import LOOPBACK
from slackbot.services.accounts import Accounts
from slackbot.services.calendar_entries import CalendarEntries
from slackbot.services.files import Files, MakeFile
from slackbot.services.match_table import MatchTable
from slackbot.services.matches import Matches
from slackbot.services.privacy import PersonalRecords
from slackbot.slack import privacy_texts
from slackbot.web.files.routes import FilePage


def build_files(
    adapters: Adapters, accounts: Accounts, matches: Matches, clock: SystemClock
) -> tuple[Files, PersonalRecords, ASGIApp | None]:
    """Build the file service and, if there is a public address, the app that serves the files.

    The records make the file of everything that is stored about a person.

    Files hold what is stored about a person, so they are not sent without TLS.
    """
    parts = urlsplit(adapters.public_url)
    is_served = parts.scheme == "https" or parts.hostname in LOOPBACK
    records = PersonalRecords(
        data=adapters.store.personal_data,
        accounts=accounts,
        clock=clock,
        meanings=privacy_texts.STORED,
    )
    links = adapters.links
    entries = CalendarEntries(adapters.store, clock, links.session, links.name)
    makers: dict[FileKind, MakeFile] = {
        FileKind.MATCHES: MatchTable(matches, links.name).make,
        FileKind.CALENDAR: entries.make,
        FileKind.EXPORT: records.make,
    }
    files = Files(
        people=adapters.store.people,
        clock=clock,
        signer=adapters.file_signer,
        page=f"{adapters.public_url}/files" if is_served else None,
        makers=makers,
    )
    page = FilePage(files, adapters.public_url).app() if is_served else None
    return files, records, page
