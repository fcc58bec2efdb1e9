"""A person's matches as a table, which spreadsheets open without running anything."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from slackbot.domain.files import File
from slackbot.domain.meetings import PastMatch
from slackbot.domain.model import EventSlug, Person
from slackbot.services.matches import Matches

COLUMNS: Final = (
    "Time (UTC)", "Event", "Session", "Name", "Title", "Company", "Talked", "Minutes",
)  # fmt: skip
_TALKED: Final = {None: "", True: "yes", False: "no"}
# Spreadsheets take a cell that begins with one of these for a formula, as well as wide and small
# ones, which NFKC turns into these.
_FORMULA: Final = ("=", "+", "-", "@")
_CONTROLS: Final = ("\t", "\r", "\n")
# What separates cells and rows somewhere: the separator depends on where the spreadsheet is.
_SEPARATORS: Final = frozenset(",;|\t\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029")


@dataclass(frozen=True, eq=False, repr=False)
class MatchTable:
    """Makes the table of the matches that a person has at all events."""

    matches: Matches
    # Returns what the cards call an event.
    name_of: Callable[[EventSlug], str]

    async def make(self, person: Person, subject: str = "") -> File | None:
        """Return the table, or None if there are no matches (`services.files.MakeFile`)."""
        del subject
        met = await self.matches.history(person)
        if not met:
            return None
        out = io.StringIO()
        csv.writer(out, quoting=csv.QUOTE_ALL).writerows(
            [COLUMNS, *(_row(each, self.name_of(each.match.event)) for each in met)]
        )
        # With a byte order mark, Excel reads the letters of names as they are.
        return File("matches.csv", "text/csv; charset=utf-8", out.getvalue().encode("utf-8-sig"))


def _row(met: PastMatch, event: str) -> list[str]:
    match, meeting = met.match, met.meeting
    partner, at = match.partner, match.matched_at or match.received_at
    texts = (event, match.session_title, partner.name, partner.title, partner.company)
    minutes = "" if meeting.minutes is None else str(meeting.minutes)
    cells = [without_formula(text or "") for text in texts]
    return [f"{at:%Y-%m-%d %H:%M}", *cells, _TALKED[meeting.talked], minutes]


def without_formula(text: str) -> str:
    """Return untrusted text as a cell that no spreadsheet takes for a formula.

    One that separates cells in another way reads several of this one.
    """
    cell, is_begin = list[str](), True
    for each in text:
        if is_begin and unicodedata.normalize("NFKC", each).startswith(_FORMULA):
            cell.append("'")
        # Some spreadsheets drop what is invisible at the beginning: spaces, controls and marks.
        is_dropped = each == '"' or unicodedata.category(each)[0] in "CMZ"
        is_begin = each in _SEPARATORS or (is_begin and is_dropped)
        cell.append(each)
    marked = "".join(cell)
    return f"'{marked}" if text.lstrip(" ").startswith(_CONTROLS) else marked
