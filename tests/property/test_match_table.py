"""The table of matches: a spreadsheet reads every name, and runs nothing."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slackbot.domain.calls import CallLink
from slackbot.domain.meetings import CallVisit, Meeting, meeting_of
from slackbot.domain.model import EventSlug, MatchId, Partner
from slackbot.services.match_table import COLUMNS, MatchTable, without_formula
from tests.harness.fakes import ANA, BEN, NOON, match
from tests.harness.services import Harness, Outside, open_store

STARTS = "=+-@\t\r\n＝＋－＠﹦﹢﹣﹫"
INVISIBLE = " \xa0\u3000\u2003\u200b\ufeff\x0b\ufe0f"
ROUND = timedelta(minutes=5)


TEXTS = st.text(alphabet=st.sampled_from(f"{STARTS}{INVISIBLE}\"a1,;|!'") | st.characters())


def is_formula(cell: str) -> bool:
    """Return whether a spreadsheet that drops what is invisible takes the cell for a formula."""
    return cell.lstrip(f'{INVISIBLE}"\t\r\n')[:1] in set("=+-@＝＋－＠﹦﹢﹣﹫")


@given(TEXTS)
def test_no_cell_is_a_formula(text: str):
    """Whatever a name begins with, also after what is invisible; and nothing of it is lost."""
    cell = without_formula(text)
    assert cell.lstrip(" ")[:1] not in set(STARTS)
    assert not is_formula(cell)
    assert cell.replace("'", "") == text.replace("'", "")
    line = io.StringIO()
    csv.writer(line).writerow([cell, "next"])
    assert next(csv.reader(io.StringIO(line.getvalue(), newline=""))) == [cell, "next"]


@given(TEXTS, TEXTS)
def test_no_cell_of_another_separator_is_a_formula(name: str, company: str):
    """Spreadsheets of many countries separate cells by semicolons; some guess tabs."""
    line = io.StringIO()
    row = ["2026-05-04 12:00", *map(without_formula, (name, company)), "yes", "4"]
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow(row)
    for separator in ",;\t|":
        rows = csv.reader(io.StringIO(line.getvalue(), newline=""), delimiter=separator)
        assert not any(is_formula(cell) for cells in rows for cell in cells), separator


@pytest.mark.parametrize("separator", list(",;|\t\n\r"))
def test_a_formula_in_the_middle_is_marked(separator: str):
    """Wherever a spreadsheet may see a cell begin."""
    assert without_formula(f"Bob{separator}=HYPERLINK(A1)") == f"Bob{separator}'=HYPERLINK(A1)"
    assert without_formula(f'Bob{separator} "=1') == f"Bob{separator} \"'=1"
    assert without_formula("Anne-Marie + Bob @ home") == "Anne-Marie + Bob @ home"


MINUTES = st.one_of(st.none(), st.integers(-5, 300).map(lambda n: NOON + timedelta(seconds=n * 5)))


@given(MINUTES, MINUTES)
def test_minutes_are_those_of_the_call(joined: datetime | None, left: datetime | None):
    """Somebody talked only if they joined; the minutes end with the call, and are never none."""
    held = replace(match(), ends_at=NOON + ROUND)
    meeting = meeting_of(held, CallVisit(joined, left))
    assert meeting.talked is (joined is not None)
    if meeting.minutes is not None:
        assert joined is not None
        assert left is not None
        assert left >= joined
        assert 1 <= meeting.minutes <= max(1, (ROUND + timedelta(seconds=60)).total_seconds() / 60)
    assert meeting_of(held, None) == Meeting()


async def test_the_table_holds_every_match():
    """Of all events, with times, and with who talked; Ben's matches are not in Ana's."""
    async with open_store() as store:
        matches = Harness(Outside.around(store)).matches
        table = MatchTable(matches, lambda event: f"The {event}")
        first = replace(match(), id=MatchId("1" * 32), ends_at=NOON + ROUND)
        evil = Partner(name='=HYPERLINK("http://x")', title="+1", company="Zoë, Ltd")
        second = replace(
            match(ordinal=2),
            id=MatchId("2" * 32),
            event=EventSlug("summit"),
            partner=evil,
            received_at=NOON + 2 * ROUND,
        )
        others = replace(match(person=BEN), id=MatchId("3" * 32))
        for each in (first, second, others):
            await store.matches.add(each)
        link = CallLink(
            person=ANA,
            match_id=first.id,
            id_digest="d",
            made_at=NOON,
            expires_at=NOON + ROUND,
            joined_at=NOON,
            left_at=NOON + timedelta(minutes=4),
        )
        await store.call_links.add(link)
        file = await table.make(ANA)
        assert file is not None
        assert (file.name, file.media_type) == ("matches.csv", "text/csv; charset=utf-8")
        rows = list(csv.reader(io.StringIO(file.body.decode("utf-8-sig"), newline="")))
        await store.people.forget(BEN)
        assert await table.make(BEN) is None
    assert rows[0] == list(COLUMNS)
    assert rows[1][1] == "The summit"
    assert rows[1][3:] == ['\'=HYPERLINK("http://x")', "'+1", "Zoë, Ltd", "", ""]
    assert rows[2][0] == "2026-05-04 12:00"
    assert rows[2][3:] == ["Zoë", "CTO", "Ωmega", "yes", "4"]
    assert len(rows) == 3
