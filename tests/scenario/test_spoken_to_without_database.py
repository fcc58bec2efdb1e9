"""Spoken to while the database does not answer: everybody gets a last word."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from slackbot.storage import engines

from .conftest import LogLines, Start

DEFECT = "Something went wrong on my side"
LAST_WORD_SECONDS = 25.0
# The place of the answer, and what it says, for each way of asking. Reads still work.
WAYS = {
    "slash command": ("#general", DEFECT),
    "direct message": ("dm", DEFECT),
    "mention": ("#general", DEFECT),
    "shortcut": ("dm", "Which session do you mean?"),
    "Home opened": ("home", "Live now"),
    "button in Home": ("home", DEFECT),
    "button in a direct message": ("dm", DEFECT),
}


@pytest.fixture
def busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    """A connection that can lock the bot's database, which gives up soon."""
    monkeypatch.setattr(engines, "BUSY_SECONDS", 2.0)
    with closing(sqlite3.connect(tmp_path / "slackbot.db", isolation_level=None)) as lock:
        yield lock


@pytest.mark.parametrize("way", WAYS)
async def test_everybody_is_answered(
    start: Start, tmp_path: Path, busy: sqlite3.Connection, log_lines: LogLines, way: str
) -> None:
    """Nothing can be written, and the answer comes within the time of a command."""
    mission = await start(database_url=f"sqlite:///{tmp_path}/slackbot.db")
    ada = await mission.link("ada")
    await ada.opens_home()
    home = await ada.waits_for("Live now", where="home")
    await ada.types("sessions")
    card = await ada.waits_for("Networking now", where="dm")
    busy.execute("begin exclusive")
    before = ada.now
    match way:
        case "slash command":
            await ada.types("/networking available 11645")
        case "direct message":
            await ada.types("available 11645")
        case "mention":
            await ada.types("<@U0BOT> available 11645", channel="general")
        case "shortcut":
            await ada.uses_shortcut("shortcut_available")
        case "Home opened":
            await ada.opens_home()
        case "button in Home":
            await ada.clicks(home, "available:11645")
        case _:
            await ada.clicks(card, "available:11645")
    where, says = WAYS[way]
    await ada.waits_for(
        lambda item: item.from_bot and says in item.text,
        where=where,
        since=before,
        timeout=LAST_WORD_SECONDS,
    )
    busy.execute("rollback")
    log_lines.clear()  # of errors, which are due here
