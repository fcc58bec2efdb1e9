"""If the form cannot be opened, people read what is so, and get another button."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from slackbot.domain.errors import MessageDelayed, MessageError, MessageRefused, MessageUnsure
from slackbot.domain.model import Person
from slackbot.slack.blocks.modals import PendingCommand
from slackbot.storage.encryption import Cipher
from slackbot.storage.store import SqlStore
from tests.harness.fakes import ANA, NOON, connect, link
from tests.harness.slow_commands import SlowCommands, slow_commands

# What the first line says, by the person's state. Only a stranger is asked to connect first.
LINES = {
    "unlinked": "First, connect your Accelevents account.",
    "linked": "The form didn't open",
    "refused": "Your login to expo has run out.",
}
COMMANDS = ["", "connect", "connect expo", "status", "sessions", "join 7", "available", "pause"]
COMMANDS += ["matches", "disconnect"]
ERRORS = [
    MessageRefused("expired_trigger_id"),
    # slackapi/node-slack-sdk#1131, slackapi/bolt-python#306, #772 and #886
    *map(MessageRefused, ("exchanged_trigger_id", "invalid_trigger_id", "trigger_expired")),
    MessageRefused("view_too_large"),
    MessageUnsure("http_500"),
    MessageUnsure("no_answer"),
    MessageDelayed("ratelimited", 1.0),
]


@pytest.fixture
async def commands() -> AsyncIterator[SlowCommands]:
    async with slow_commands() as made:
        yield made


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.reason)
@pytest.mark.parametrize("state", LINES)
async def test_every_fallback_knows_the_person(
    commands: SlowCommands, state: str, error: MessageError
) -> None:
    """Whatever was asked for, and whatever Slack says."""
    if state != "unlinked":
        await connect(commands.harness.store, link())
    if state == "refused":
        await commands.harness.store.links.mark_refused(link(), NOON)

    async def open_view(person: Person, trigger_id: str, view: dict[str, Any]) -> None:
        raise error

    commands.screen.open = open_view  # type: ignore[method-assign]
    for command in COMMANDS:
        place = f"answer to {command}"
        commands.connect_flow.open_form(ANA, "trigger", PendingCommand(command, place))
        await commands.wait_idle()
        (said,) = commands.words(place)
        assert said.startswith(LINES[state]), command


async def test_the_form_of_a_login_that_another_process_found_refused(
    commands: SlowCommands,
) -> None:
    """It does not say that the person is connected, although this process has just read so."""
    store = commands.harness.store
    await connect(store, link())
    await store.links.get(ANA)
    worker = SqlStore(store.database, Cipher([bytes(range(32))]))
    assert await worker.links.mark_refused(link(), NOON)
    commands.connect_flow.open_form(ANA, "trigger", PendingCommand())
    await commands.wait_idle()
    [form] = commands.words("trigger")
    assert "You're connected to" not in form
