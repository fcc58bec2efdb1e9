"""A person sees, exports and erases what is stored about them."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from slackbot.cli.main import main
from slackbot.domain.personal_data import NOTICE_FIELDS, NOTICES
from slackbot.sandbox.slack import ScreenItem, User
from slackbot.slack import privacy_texts, texts
from slackbot.slack.manifest import SCOPES
from slackbot.storage.personal_data import ENCRYPTED, personal_tables

from .conftest import KEY, Mission, Start, environment_for, pressed, rows_of, until

# Columns that say only whose a row is.
WHOSE = {"team_id", "user_id", "person_epoch"}
WORKFLOWS = "SELECT count(*) FROM workflow_status WHERE workflow_uuid LIKE ?"
RECEIPT = re.compile(r"E(?:-[0-9A-Z]{4}){5}")
OTHER_KEY = base64.b64encode(hashlib.sha256(b"another key").digest()).decode()


def columns_of(table: str) -> set[str]:
    """Return the columns of a table, and of the delivery engine's rows."""
    columns = {each.name: set(each.c.keys()) for each in personal_tables()}
    return (columns | {NOTICES: set(NOTICE_FIELDS)})[table]


async def matched(mission: Mission, person: User) -> ScreenItem:
    """Make somebody available, and match them with Priya."""
    await mission.ask(person, "/networking available 11645")
    await mission.platform.pair("ada", "priya")
    return await person.waits_for("You're matched with Priya Raman", where="dm")


async def exported(mission: Mission, person: User, text: str = "export") -> dict[str, Any]:
    """Ask for everything, and read the parts until the last one."""
    seen, whole = await mission.ask(person, f"/networking {text}"), ""
    while True:
        whole += "".join(
            part["text"]
            for block in seen.blocks
            if block["type"] == "rich_text"
            for element in block["elements"]
            if element["type"] == "rich_text_preformatted"
            for part in element["elements"]
        )
        following = [b.text for b in seen.buttons if b.text.startswith("Next")]
        if not following:
            try:
                found: dict[str, Any] = json.loads(whole)
            except json.JSONDecodeError:  # something was stored between two parts
                seen, whole = await mission.ask(person, f"/networking {text}"), ""
                continue
            return found
        part = int(re.findall(r"part (\d+) of", seen.text)[0])
        seen = await pressed(person, seen, following[0], says=f"part {part + 1} of")


def rows(folder: Path, database: str, query: str, value: str) -> list[Any]:
    """Return the first column of the rows that a query finds in a database."""
    with closing(sqlite3.connect(folder / f"{database}.db")) as opened:
        return [row[0] for row in opened.execute(query, (value,))]


def files_with(folder: Path, text: str) -> list[str]:
    """Return the names of the files in which the text stands."""
    return [file.name for file in folder.iterdir() if text.encode() in file.read_bytes()]


def test_every_column_has_words() -> None:
    """A column that is added later without saying what it holds fails here."""
    said = [column for columns in privacy_texts.STORED.values() for column in columns]
    kept = {
        f"{table.name}.{column.name}"
        for table in personal_tables()
        for column in table.columns
        if column.name not in WHOSE
    } | {f"{NOTICES}.{field}" for field in NOTICE_FIELDS}
    assert len(said) == len(set(said))
    assert set(said) == kept


async def test_what_is_stored_is_said(mission: Mission) -> None:
    """Nothing at first; then each fact, and for how long."""
    nothing = await mission.ask(mission.ada, "/networking privacy")
    assert "I store nothing about you" in nothing.text
    ada = await mission.link("ada")
    linked = await mission.ask(ada, "/networking privacy")
    assert "Your login, encrypted" in linked.text
    assert "Your matches" not in linked.text
    await matched(mission, ada)
    seen = await mission.ask(ada, "/networking what do you know about me?")
    assert "Your matches: with whom" in seen.text
    assert "Matches are kept for 90 days" in seen.text


async def test_every_permission_has_its_reason(mission: Mission) -> None:
    """Those of the manifest, all of them and no others."""
    seen = await mission.ask(await mission.link("ada"), "/networking privacy")
    why = await pressed(mission.ada, seen, privacy_texts.BUTTON_PERMISSIONS, says="permission")
    rows = [line for line in why.text.splitlines() if ":" in line or line.startswith("commands")]
    said = {row.split("  ", 1)[0].replace("\u200b", ""): row.split("  ", 1)[1] for row in rows}
    assert {scope: reason.replace("\u200b", "") for scope, reason in said.items()} == SCOPES
    assert (await mission.ask(mission.ada, "/networking permissions")).text


async def test_an_export_holds_every_field(mission: Mission) -> None:
    """Without a public address in parts of messages, which together are one JSON file."""
    ada = await mission.link("ada")
    await matched(mission, ada)
    await ada.opens_home()
    await until(lambda: mission.slack_calls("views.publish"))
    found = await exported(mission, ada)
    stored = found["stored"]
    assert {"people", "links", "availabilities", "matches", NOTICES} <= stored.keys()
    for table, rows in stored.items():
        for row in rows:
            assert row.keys() == columns_of(table), table
    assert stored["links"][0]["token_sealed"] == ENCRYPTED
    assert stored["matches"][0]["partner_name"] == "Priya Raman"
    assert {row["user_id"] for t, rows in stored.items() if t != NOTICES for row in rows} == {
        ada.id
    }
    assert set(found["meaning"]) == set(privacy_texts.STORED)
    assert mission.platform.token_for("ada") not in json.dumps(found)


async def test_an_export_by_link(start: Start, tmp_path: Path) -> None:
    """The link works twice, changes nothing, and ends with what it leads to."""
    mission = await start(
        public_url="http://localhost:1", database_url=f"sqlite:///{tmp_path}/slackbot.db"
    )
    ada = await mission.link("ada")
    await matched(mission, ada)
    seen = await mission.ask(ada, "/networking privacy")
    ready = await pressed(ada, seen, privacy_texts.BUTTON_EXPORT_DATA, says="Your data is ready")
    [url] = [button.url for button in ready.buttons if button.text == texts.BUTTON_DOWNLOAD]
    link = url.replace("http://localhost:1", mission.bot_url)
    async with httpx.AsyncClient() as browser:
        first, second = await browser.get(link), await browser.get(link)
        assert first.status_code == 200
        assert first.json()["stored"] == second.json()["stored"]
        assert first.json()["stored"]["matches"][0]["partner_name"] == "Priya Raman"
        question = await mission.ask(ada, "/networking erase")
        await pressed(ada, question, privacy_texts.BUTTON_ERASE, says="is erased")
        assert (await browser.get(link)).status_code == 410


async def test_erasing_leaves_nothing(start: Start, tmp_path: Path) -> None:
    """No row in any table or in the engine, no byte in any file, and a receipt that proves it."""
    mission = await start(database_url=f"sqlite:///{tmp_path}/slackbot.db")
    ada, priya = await mission.link("ada"), await mission.link("priya")
    await mission.ask(priya, "/networking available 11645")
    await mission.ask(ada, "/networking available 11645")
    await ada.waits_for("You're matched with Priya Raman", where="dm")
    await priya.waits_for("You're matched with", where="dm")
    [epoch] = rows(tmp_path, "slackbot", "SELECT epoch FROM people WHERE user_id = ?", ada.id)
    assert rows(tmp_path, "slackbot-delivery", WORKFLOWS, f"{epoch}%") != [0]
    of_priya = rows_of(tmp_path, priya.id)
    assert files_with(tmp_path, ada.id)
    question = await mission.ask(ada, "/networking erase")
    assert "1 match" not in question.text
    assert "your one match" in question.text
    assert "stays in their matches" in question.text
    erased = await pressed(ada, question, privacy_texts.BUTTON_ERASE, says="is erased")
    assert rows_of(tmp_path, ada.id) == 0
    assert rows_of(tmp_path, priya.id) == of_priya
    await mission.platform.disconnected("ada")
    assert rows(tmp_path, "slackbot-delivery", WORKFLOWS, f"{epoch}%") == [0]
    await until(lambda: not files_with(tmp_path, epoch) and not files_with(tmp_path, ada.id))
    [receipt] = RECEIPT.findall(erased.text)
    environment = environment_for(mission.settings)
    shown = CliRunner().invoke(main, ["receipt", receipt], env=environment)
    assert (shown.exit_code, shown.output[:6]) == (0, "Valid:")


async def test_a_receipt_is_checked_for_a_person(start: Start, tmp_path: Path) -> None:
    """It is theirs alone, and a backup that brings their rows back is noticed."""
    mission = await start(database_url=f"sqlite:///{tmp_path}/slackbot.db")
    ada = await mission.link("ada")
    copy = tmp_path / "backup.db"
    with closing(sqlite3.connect(tmp_path / "slackbot.db")) as opened:
        opened.execute("VACUUM INTO ?", (str(copy),))
    erased = await mission.disconnect(ada)
    [receipt] = RECEIPT.findall(erased.text)
    await mission.stop_bot()
    environment = environment_for(mission.settings)

    def check(user: str) -> tuple[int, str]:
        arguments = ["receipt", receipt, "--user", user]
        # In a thread of its own, because the command runs a loop of its own.
        with ThreadPoolExecutor(1) as thread:
            found = thread.submit(CliRunner().invoke, main, arguments, env=environment).result()
        return found.exit_code, found.output.splitlines()[-1]

    code, said = check(ada.id)
    assert code == 0
    assert f"the receipt of {ada.id}, and nothing from before is left in the bot's own" in said
    assert check("U0OTHER") == (1, "Error: It is not the receipt of U0OTHER.")
    copy.replace(tmp_path / "slackbot.db")
    code, said = check(ada.id)
    assert code == 1
    assert "2 rows from before are there again" in said


async def test_erasing_is_asked_for_each_time(mission: Mission) -> None:
    """What was confirmed before is not what is there after connecting again."""
    ada = await mission.link("ada")
    old = await mission.ask(ada, "/networking erase")
    again = await mission.ask(ada, "/networking delete my data")
    await pressed(ada, again, privacy_texts.BUTTON_ERASE, says="is erased")
    assert "Nothing is stored" in (await mission.ask(ada, "/networking erase")).text
    await mission.link("ada")
    asked = await pressed(ada, old, privacy_texts.BUTTON_ERASE, says="Erase everything?")
    await pressed(ada, asked, privacy_texts.BUTTON_KEEP, says="You're not available")
    assert "Your login, encrypted" in (await mission.ask(ada, "/networking privacy")).text


async def test_disconnecting_gives_the_same_receipt(mission: Mission) -> None:
    """It is one act; who is not connected gets none, because there is nothing to prove."""
    ada = await mission.link("ada")
    gone = await mission.disconnect(ada)
    assert RECEIPT.search(gone.text)
    again = await mission.ask(ada, "/networking disconnect")
    assert "not connected" in again.text
    assert not RECEIPT.search(again.text)


@pytest.mark.parametrize(
    ("number", "says"),
    [
        ("E-0000-0000-0000-0000-0000", "Not valid"),
        ("nonsense", "this is not a receipt"),
    ],
)
async def test_a_number_that_is_no_receipt(start: Start, number: str, says: str) -> None:
    """It is refused in one line."""
    mission = await start()
    environment = environment_for(mission.settings) | {"SLACKBOT_SECRET_KEYS": OTHER_KEY}
    shown = CliRunner().invoke(main, ["receipt", number], env=environment)
    assert shown.exit_code == 1
    assert says in shown.output
    assert KEY not in shown.output


async def test_erasing_without_matches_speaks_of_none(mission: Mission) -> None:
    """There is nothing to export before."""
    ada = await mission.link("ada")
    asked = await mission.ask(ada, "/networking erase")
    assert "I'll delete your login and your settings" in asked.text
    assert "0 matches" not in asked.text
    assert "export" not in asked.text
    minute = await mission.ask(ada, "/networking settings reminders 1")
    assert "one minute before" in minute.text
