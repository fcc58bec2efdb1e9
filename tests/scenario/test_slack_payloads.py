"""Every kind of Slack's inputs, from `tests/payloads/slack/`, has exactly its effect."""

from __future__ import annotations

from pathlib import Path

import pytest
from slack_sdk.models.blocks import Block, InteractiveElement
from slack_sdk.models.views import View

from tests.fuzz.corpus import Case, cases
from tests.fuzz.target import TABLES, Target, target

CASES = cases()
QUIET = [case for case in CASES if not case.changes]
CHANGING = [case for case in CASES if case.changes]
WELL_FORMED = [c for c in CASES if c.kind == "payload" and c.status == 200]
BY_THE_WAY = {"auth.test", "conversations.open"}


def test_there_is_a_file_for_every_kind() -> None:
    """The folder has well-formed and broken ones, so an empty glob is no success."""
    kinds = {case.name.partition("_")[0] for case in CASES}
    assert kinds >= {"command", "action", "view", "event", "raw", "ssl"}
    assert len([case for case in CASES if case.status == 200]) >= 50
    assert len([case for case in CASES if case.status != 200]) >= 30


@pytest.mark.parametrize("case", WELL_FORMED, ids=lambda case: case.name)
def test_well_formed_inputs_parse_as_slacks_types(case: Case) -> None:
    """Well-formed inputs parse as `slack_sdk`'s view, blocks and elements."""
    payload = case.content
    if view := payload.get("view"):
        View(**view).validate_json()
    for block in payload.get("message", {}).get("blocks", []):
        assert Block.parse(block) is not None
    for action in payload.get("actions", []) if payload["type"] == "block_actions" else []:
        assert InteractiveElement.parse(action) is not None
    assert {"type", "user", "token"} <= payload.keys()


async def wrong_with(bot: Target, case: Case) -> list[str]:
    """Send the input, and return the differences to the file."""
    bot.slack.calls.clear()
    before = by_table(bot)
    status, body = await case.send(bot)
    await bot.wait_until_idle()
    after = by_table(bot)
    calls = sorted({call.method for call in bot.slack.calls if call.ok} - BY_THE_WAY)
    compared = [
        (case.status, status, "status"),
        (True, str(case.file.get("says", "")) in body.decode(), "says"),
        (sorted(case.file.get("calls", calls)), calls, "calls"),
        (case.changes, [table for table in TABLES if before[table] != after[table]], "changes"),
        ([], bot.log_errors(), "defects"),
    ]
    return [f"{case.name}: {what} {got}" for meant, got, what in compared if meant != got]


def by_table(bot: Target) -> dict[str, str]:
    """Return a digest of each table."""
    return {table: bot.state(*(set(TABLES) - {table})) for table in TABLES}


async def test_an_input_that_changes_nothing(tmp_path: Path) -> None:
    """Status, answer and requests to Slack are those of the file, and no row changes."""
    wrong: list[str] = []
    async with target(tmp_path) as bot:
        for case in QUIET:
            wrong += await wrong_with(bot, case)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("case", CHANGING, ids=lambda case: case.name)
async def test_an_input_that_changes_something(tmp_path: Path, case: Case) -> None:
    """Rows change in the tables that the file names; those of another workspace stay."""
    async with target(tmp_path) as bot:
        others = bot.state_of("T0OTHER")
        assert await wrong_with(bot, case) == []
        assert bot.state_of("T0OTHER") == others
