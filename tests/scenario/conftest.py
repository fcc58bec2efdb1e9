"""The whole bot on loopback between the sandbox's Slack and the sandbox's Accelevents."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import logging
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import structlog
from pydantic import SecretStr

from slackbot.bootstrap.app import running
from slackbot.sandbox.accelevents import Accelevents
from slackbot.sandbox.serving import serving
from slackbot.sandbox.slack import ScreenItem, Slack, User
from slackbot.settings import Settings
from slackbot.slack import texts
from slackbot.slack.blocks.status import still_asking_card
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher, parse_keys
from slackbot.storage.store import SqlStore
from slackbot.storage.url import DatabaseUrl
from slackbot.web.call.assets import STATIC

KEY = base64.b64encode(hashlib.sha256(b"a key for tests").digest()).decode()
LogLines = list[MutableMapping[str, Any]]


@dataclass
class Mission:
    """One Slack, one Accelevents, and the bot between them."""

    slack: Slack
    platform: Accelevents
    slack_url: str
    platform_url: str
    settings: Settings
    team: str
    bot_url: str = ""
    port: int = 0
    call_static: Path = STATIC
    _bot: AsyncExitStack = field(default_factory=AsyncExitStack, repr=False)

    # --- the bot ---

    async def start_bot(self) -> None:
        """Start the bot, on its port or a free one."""
        bot = running(self.settings, call_static=self.call_static)
        app = await self._bot.enter_async_context(bot)
        self.bot_url = await self._bot.enter_async_context(serving(app, port=self.port))

    async def stop_bot(self) -> None:
        """Stop the bot as SIGTERM would; a database in a file stays."""
        await self._bot.aclose()

    @asynccontextmanager
    async def store(self) -> AsyncIterator[SqlStore]:
        """Open the bot's store beside it; for a database in a file."""
        keys = parse_keys(self.settings.slackbot_secret_keys.get_secret_value())
        store = SqlStore(Database(DatabaseUrl.parse(self.settings.database)), Cipher(keys))
        try:
            yield store
        finally:
            await store.database.aclose()

    # --- people ---

    def person(self, name: str) -> User:
        """Return somebody at their Slack client."""
        return self.slack.user(name, bot_url=self.bot_url, team=self.team)

    @property
    def ada(self) -> User:
        return self.person("ada")

    @property
    def priya(self) -> User:
        return self.person("priya")

    def add(self, name: str, full_name: str = "", **attendee: Any) -> User:
        """Add somebody to Slack and the event; not linked yet."""
        self.slack.workspaces[self.team].add(name)
        self.platform.add_attendee(name, full_name or name.title(), **attendee)
        return self.person(name)

    async def link(
        self, name: str, credential: str = "", attendee: str = "", seconds: float = 5.0
    ) -> User:
        """Connect somebody by command and form; by default with an access token."""
        person = self.person(name)
        await person.types("/networking connect")
        form = await person.waits_for("Event link", where="modal", timeout=seconds)
        credential = credential or self.platform.token_for(attendee or name)
        before = person.now
        await person.submits(form, {"event": "demo", "credential": credential})
        connected = "You're connected to demo"
        await person.waits_for(connected, where="#general", since=before, timeout=seconds)
        return person

    async def link_with_account_id(self, name: str) -> User:
        """Connect with a magic link: only then does the bot learn the person's account id."""
        return await self.link(name, self.platform.magic_link_for(name))

    async def ask(self, person: User, text: str) -> ScreenItem:
        """Type a command and wait for its answer."""
        before = person.now
        await person.types(text)
        return await person.waits_for(_an_answer, where="#general", since=before)

    async def go_on(self, person: User, session: int) -> ScreenItem:
        """Type that the person is available, and leave the round that they are in, if any."""
        seen = await self.ask(person, f"/networking available {session}")
        if any(button.text == texts.BUTTON_LEAVE_ROUND for button in seen.buttons):
            seen = await pressed(person, seen, texts.BUTTON_LEAVE_ROUND, says="You")
        return seen

    async def disconnect(self, person: User, typed: str = "disconnect") -> ScreenItem:
        """Type the command, confirm, and return the answer."""
        question = await self.ask(person, f"/networking {typed}")
        return await pressed(person, question, texts.BUTTON_DISCONNECT, says="disconnected")

    # --- what happened ---

    def platform_calls(self, method: str, ending: str) -> int:
        """Count the REST requests with this method to paths with this ending."""
        return sum(c.method == method and c.path.endswith(ending) for c in self.platform.calls)

    def availabilities_set(self) -> int:
        """Count the requests that made somebody available."""
        wanted = {"status": "CHECK_IN_AVAILABLE"}
        return sum(c.method == "PUT" and c.query == wanted for c in self.platform.calls)

    def slack_calls(self, method: str) -> int:
        """Count the requests of this method that Slack accepted."""
        return sum(call.method == method and call.ok for call in self.slack.calls)

    def answers(self) -> int:
        """Count the answers by `response_url` that Slack accepted, without those that say to wait.

        On a busy machine anything may take so long that the bot says so first.
        """
        sent = [call for call in self.slack.calls if call.method == "response_url" and call.ok]
        return sum(
            call.args.get("text") not in {texts.ASKING, still_asking_card().text} for call in sent
        )

    def everything_in_slack(self) -> str:
        """Return everything that the bot sent to Slack, messages before edits included."""
        workspaces = self.slack.workspaces.values()
        messages = [m for w in workspaces for m in w.messages if m.by_bot]
        contents = [c for m in messages for c in (m.content, *m.earlier)]
        sent = [[c.text, c.blocks, c.metadata] for c in contents]
        return json.dumps([sent, [call.args for call in self.slack.calls]], ensure_ascii=False)


def _an_answer(seen: ScreenItem) -> bool:
    return seen.kind == "ephemeral" and "checking with Accelevents" not in seen.text


async def pressed(person: User, seen: ScreenItem, button: str, *, says: str) -> ScreenItem:
    """Press a button and wait for the answer in its place."""
    assert (await person.clicks(seen, button)).ok
    return await person.waits_for(
        lambda now: now.id == seen.id and says in now.text, since=seen.changed
    )


async def form_of(person: User, prompt: ScreenItem) -> ScreenItem:
    """Press the prompt's button and return the form that opens."""
    assert (await person.clicks(prompt, texts.BUTTON_CONNECT)).ok
    return await person.waits_for("Event link", where="modal")


async def form_by_command(person: User) -> ScreenItem:
    """Type the command that opens the form."""
    assert (await person.types("/networking connect")).ok
    return await person.waits_for("Event link", where="modal")


async def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Wait for a condition that has no event."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - there is no event to await
            await asyncio.sleep(0.01)


async def dms(person: User, text: str = "") -> list[ScreenItem]:
    """The bot's direct messages to somebody, oldest first."""
    return [seen for seen in await person.sees(text, where="dm") if seen.from_bot]


async def waits_for_dms(person: User, count: int, text: str = "", seconds: float = 5.0) -> None:
    """Wait until somebody has `count` direct messages from the bot."""
    async with asyncio.timeout(seconds):
        while len(await dms(person, text)) < count:
            await person.waits_for(text, where="dm", since=person.now, timeout=seconds)


def rows_of(folder: Path, user: str) -> int:
    """Count the rows about somebody in all tables."""
    with closing(sqlite3.connect(folder / "slackbot.db")) as database:
        tables = [name for (name,) in database.execute("select name from sqlite_master")]
        count = 0
        for table in tables:
            columns = [row[1] for row in database.execute(f"pragma table_info({table})")]
            if "user_id" in columns:
                query = f"select count(*) from {table} where user_id = ?"
                count += database.execute(query, (user,)).fetchone()[0]
        return count


def settings_for(slack: Slack, slack_url: str, platform_url: str, **changes: Any) -> Settings:
    """Return the settings of an operator."""
    values: dict[str, Any] = {
        "slack_bot_token": slack.token,
        "slack_signing_secret": slack.signing_secret,
        "slack_api_url": f"{slack_url}/api/",
        "accelevents_api_url": platform_url,
        "accelevents_event": "demo",
        "slackbot_secret_keys": KEY,
        "database_url": "sqlite://",
        **changes,
    }
    return Settings(_env_file=None, **values)


def environment_for(settings: Settings) -> dict[str, str]:
    """Return the settings as environment variables."""
    values = {name: getattr(settings, name) for name in settings.model_fields_set}
    plain = {n: v.get_secret_value() if isinstance(v, SecretStr) else v for n, v in values.items()}
    return {name.upper(): str(value) for name, value in plain.items()}


Start = Callable[..., Awaitable[Mission]]


@pytest.fixture
async def start(log_lines: LogLines) -> AsyncIterator[Start]:
    """Start a mission; further arguments are settings.

    `platform` may be prepared; `port` is the bot's own; `call_static` holds the call page.
    """
    async with AsyncExitStack() as stack:

        async def begin(
            platform: Accelevents | None = None,
            port: int = 0,
            call_static: Path = STATIC,
            **changes: Any,
        ) -> Mission:
            slack, platform = Slack(), platform or Accelevents()
            slack_url = await stack.enter_async_context(serving(slack.app))
            platform_url = await stack.enter_async_context(serving(platform.app))
            slack.base_url = slack_url
            stack.callback(_check_nothing_was_dropped, slack)
            settings = settings_for(slack, slack_url, platform_url, **changes)
            mission = Mission(slack, platform, slack_url, platform_url, settings, "T0DEMO")
            mission.port, mission.call_static = port, call_static
            stack.push_async_callback(mission.stop_bot)
            await mission.start_bot()
            return mission

        yield begin


def _check_nothing_was_dropped(slack: Slack) -> None:
    """Fail if real Slack would have refused or hidden something unnoticed."""
    assert slack.problems == []
    earned = [c for c in slack.calls if not c.ordered]
    assert [c for c in earned if (c.error or "").startswith("invalid_")] == []


@pytest.fixture
async def mission(start: Start) -> Mission:
    """A mission with the default settings."""
    return await start()


@pytest.fixture
def log_lines(caplog: pytest.LogCaptureFixture) -> Iterator[LogLines]:
    """The bot's log lines. A test fails if anything logs an error."""
    with structlog.testing.capture_logs() as lines:
        yield lines
    assert [line for line in lines if line["log_level"] in {"error", "critical"}] == []
    errors = [r.getMessage() for r in caplog.get_records("call") if r.levelno >= logging.ERROR]
    # uvicorn logs this when the sandbox cuts a connection on purpose.
    assert [e for e in errors if "ASGI callable returned without" not in e] == []
