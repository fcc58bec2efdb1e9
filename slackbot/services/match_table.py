"""A person's matches as a table, which spreadsheets open without running anything."""

from __future__ import annotations

import csv
import io
import unicodedata
from dataclasses import dataclass
from typing import Final

from slackbot.domain.files import File
from slackbot.domain.meetings import PastMatch
from slackbot.domain.model import Person
from slackbot.services.matches import Matches

COLUMNS: Final = (
    "Time (UTC)", "Event", "Session", "Name", "Title", "Company", "Talked", "Minutes",
)  # fmt: skip
_TALKED: Final = {None: "", True: "yes", False: "no"}
# Spreadsheets take a cell that begins with one of these for a formula, as well as wide and small
# ones, which NFKC turns into these.
_FORMULA: Final = ("=", "+", "-", "@")
_CONTROLS: Final = ("\t", "\r", "\n")


@dataclass(frozen=True, eq=False, repr=False)
class MatchTable:
    """Makes the table of the matches that a person has at all events."""

    matches: Matches

    async def make(self, person: Person, subject: str = "") -> File | None:
        """Return the table, or None if there are no matches (`services.files.MakeFile`)."""
        del subject
        met = await self.matches.history(person)
        if not met:
            return None
        out = io.StringIO()
        csv.writer(out).writerows([COLUMNS, *map(_row, met)])
        # With a byte order mark, Excel reads the letters of names as they are.
        return File("matches.csv", "text/csv; charset=utf-8", out.getvalue().encode("utf-8-sig"))


def _row(met: PastMatch) -> list[str]:
    match, meeting = met.match, met.meeting
    partner, at = match.partner, match.matched_at or match.received_at
    texts = (match.event, match.session_title, partner.name, partner.title, partner.company)
    minutes = "" if meeting.minutes is None else str(meeting.minutes)
    cells = [without_formula(text or "") for text in texts]
    return [f"{at:%Y-%m-%d %H:%M}", *cells, _TALKED[meeting.talked], minutes]


def without_formula(text: str) -> str:
    """Return untrusted text as a cell that no spreadsheet takes for a formula."""
    # Some spreadsheets drop what is invisible at the beginning: spaces, controls and marks.
    shown = next((each for each in text if unicodedata.category(each)[0] not in "CMZ"), "")
    is_formula = unicodedata.normalize("NFKC", shown).startswith(_FORMULA)
    return f"'{text}" if is_formula or text.lstrip(" ").startswith(_CONTROLS) else text
