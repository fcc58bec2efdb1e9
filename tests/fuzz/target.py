"""The whole bot, with requests passed directly to its ASGI app."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import io
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from pydantic import SecretStr
from starlette.types import ASGIApp, Message

from slackbot.bootstrap.app import running
from slackbot.domain.model import AuthScheme, EventSlug, Link, Person, TeamId, UserId
from slackbot.sandbox.accelevents import Accelevents
from slackbot.sandbox.serving import serving
from slackbot.sandbox.slack import Slack
from slackbot.sandbox.slack.payloads import Actor, response_url
from slackbot.sandbox.slack.workspace import Content
from slackbot.sandbox.slack.workspace import Message as SlackMessage
from slackbot.services.notices import SENT
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher, parse_keys
from slackbot.storage.store import SqlStore
from slackbot.storage.url import DatabaseUrl
from tests.harness import fakes
from tests.harness.output import printed
from tests.scenario.conftest import settings_for

PATH = "/slack/events"
READY_SECONDS = 30.0
FORM = "application/x-www-form-urlencoded"
# Columns that the bot writes by itself from time to time.
KEPT_IN_PASSING = frozenset({"used_at", "sessions_read_at"})
TABLES = ("links", "availabilities", "matches", "seen_events")
TEAM, ADA, PRIYA = "T0DEMO", "U0ADA", "U0PRIYA"
Headers = Iterable[tuple[bytes, bytes]]


@dataclass
class Target:
    """A running bot with two linked people, their matches, and another workspace."""

    app: ASGIApp
    slack: Slack
    platform: Accelevents
    log: io.StringIO
    database: sqlite3.Connection
    settings: Any

    async def send(
        self, body: bytes, headers: Headers, method: str = "POST", path: str = PATH
    ) -> tuple[int, bytes]:
        """Make a request; return status and body of the response."""
        chunks = [body[i : i + 65_536] for i in range(0, len(body), 65_536)] or [b""]
        sent: list[Message] = []

        async def receive() -> Message:
            chunk = chunks.pop(0) if chunks else b""
            return {"type": "http.request", "body": chunk, "more_body": bool(chunks)}

        async def send(message: Message) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": list(headers),
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 3000),
        }
        await self.app(scope, receive, send)
        return sent[0]["status"], b"".join(m.get("body", b"") for m in sent[1:])

    async def post(self, body: str | bytes, content_type: str = FORM) -> tuple[int, bytes]:
        """Make a request, signed as Slack would."""
        raw = body if isinstance(body, bytes) else body.encode()
        signed = signature(raw, self.slack.signing_secret)
        return await self.send(raw, [*signed, (b"content-type", content_type.encode())])

    async def command(self, text: str, team: str = TEAM, user: str = ADA) -> tuple[int, bytes]:
        """Send a slash command; lone surrogates arrive as question marks."""
        form = {"command": "/networking", "text": text, "team_id": team, "user_id": user}
        form |= {"response_url": self.fill_in("{response_url}"), "trigger_id": "1.2.3"}
        return await self.post(urlencode(form, errors="replace"))

    async def interact(self, payload: object) -> tuple[int, bytes]:
        """Send an interactive payload in its form."""
        return await self.post(urlencode({"payload": json.dumps(payload)}))

    async def event(self, payload: object) -> tuple[int, bytes]:
        """Send an event as JSON."""
        return await self.post(json.dumps(payload), "application/json")

    async def ready(self) -> None:
        """Wait until the bot is ready, before the database is seeded."""
        while (await self.send(b"", [], "GET", "/readyz"))[0] != 200:  # noqa: ASYNC110 - over HTTP
            await asyncio.sleep(0.01)

    async def wait_until_idle(self) -> None:
        """Wait until the bot has finished its background work; feeds and servers keep running."""
        names = {
            *(
                "answer",
                "reply",
                "note",
                "show_home",
                "welcome",
                "open_form",
                "open_channel",
                "token_help",
            ),
            *("submit", "show_later", "pending_command", "connect", "leave"),
            *("forget_workspace", "forget_person", "grace"),
        }
        while busy := [task for task in asyncio.all_tasks() if task.get_name() in names]:
            await asyncio.wait(busy)

    def state(self, *without: str) -> str:
        """Return a digest of the rows of each table but these."""
        return " ".join(
            f"{table}:{hashlib.sha256(repr(self._rows(table)).encode()).hexdigest()[:16]}"
            for table in TABLES
            if table not in without
        )

    def _rows(self, table: str) -> list[Any]:
        known = [row[1] for row in self.database.execute(f"PRAGMA table_info({table})")]
        columns = ", ".join(name for name in known if name not in KEPT_IN_PASSING)
        return self.database.execute(f"SELECT {columns} FROM {table} ORDER BY 1, 2").fetchall()

    def state_of(self, team: str, user: str = "%") -> str:
        """Return a digest of all rows of a workspace, or of one person."""
        rows = [
            self.database.execute(
                f"SELECT * FROM {table} WHERE team_id = ? AND user_id LIKE ? ORDER BY 2",
                (team, user),
            ).fetchall()
            for table in TABLES[:3]
        ]
        assert rows[0]
        return hashlib.sha256(repr(rows).encode()).hexdigest()

    def log_errors(self) -> list[str]:
        """Return log lines with an exception since the last call."""
        lines = self.log.getvalue().splitlines()
        self.log.seek(0)
        self.log.truncate()
        return [line for line in lines if '"exception"' in line]

    def fill_in(self, text: str) -> str:
        """Fill in the placeholders that only a running Slack can provide."""
        workspace = self.slack.workspaces[TEAM]
        actor = Actor(self.slack, workspace, workspace.named("ada"))
        trigger = self.slack.triggers.mint(TEAM, ADA)
        url = response_url(actor, workspace.channels["C0GENERAL"], None)
        text = text.replace("{response_url}", url).replace("{trigger_id}", trigger)
        dm = workspace.dm(ADA)
        text = text.replace("{dm}", dm.id).replace("{ts}", self._message(dm.id).ts)
        return text.replace("{token}", self.platform.token_for("ada"))

    def _message(self, channel: str) -> SlackMessage:
        """Return the bot's last message in a channel."""
        workspace = self.slack.workspaces[TEAM]
        posted = [m for m in workspace.messages if m.channel == channel and m.by_bot]
        return posted[-1] if posted else workspace.post(channel, Content("You're matched"))

    def clear_records(self) -> None:
        """Clear the records of the sandboxes, which would grow without bound."""
        self.slack.calls.clear()
        self.slack.problems.clear()
        self.platform.calls.clear()
        for workspace in self.slack.workspaces.values():
            workspace.messages.clear()
            workspace.views.clear(ADA)

    async def seed(self) -> None:
        """Reset the database to the start of a round."""
        for table in TABLES:
            self.database.execute(f"DELETE FROM {table}")
        # Another slot, since the bot itself keeps one workspace only.
        self.database.execute(
            "INSERT OR IGNORE INTO workspaces (team_id, installed_at, slot) "
            "VALUES ('T0OTHER', '2026-11-01 00:00:00.000000', 2)"
        )
        self.database.commit()
        keys = parse_keys(self.settings.slackbot_secret_keys.get_secret_value())
        store = SqlStore(Database(DatabaseUrl.parse(self.settings.database)), Cipher(keys))
        try:
            for team, user, name in (
                (TEAM, ADA, "ada"),
                (TEAM, PRIYA, "priya"),
                ("T0OTHER", ADA, "ada"),
            ):
                link = self._link(team, user, name)
                await _save(store, link)
                # Known channels: otherwise the first direct message would change a row.
                if team == TEAM:
                    channel = self.slack.workspaces[team].dm(user).id
                    await store.dm_channels.save(link.person, channel)
        finally:
            await store.database.aclose()

    def _link(self, team: str, user: str, name: str) -> Link:
        person = Person(TeamId(team), UserId(user))
        return Link(
            person=person,
            person_epoch=fakes.epoch_of(person),
            event=EventSlug("demo"),
            token=SecretStr(self.platform.token_for(name)),
            auth_scheme=AuthScheme.BARE,
            linked_at=datetime(2026, 1, 1, tzinfo=UTC),
            credential_digest=f"{team}/{user}",
            account_id=None,
        )


async def _save(store: SqlStore, link: Link) -> None:
    await fakes.connect(store, link)
    ended = {"settled_at": fakes.NOON, "outcome": SENT, "over_at": fakes.NOON}
    await store.matches.add(fakes.match(person=link.person, event=link.event, **ended))
    if link.person != Person(TeamId(TEAM), UserId(ADA)):
        await store.availabilities.save(fakes.availability(person=link.person, event=link.event))


def signature(body: bytes, secret: str, *, at: float | None = None) -> Headers:
    """Return the two signature headers of a body as of `at` (Unix seconds, default now)."""
    stamp = str(int(time.time() if at is None else at)).encode()
    digest = hmac.new(secret.encode(), b"v0:" + stamp + b":" + body, hashlib.sha256)
    return [
        (b"x-slack-request-timestamp", stamp),
        (b"x-slack-signature", f"v0={digest.hexdigest()}".encode()),
    ]


@asynccontextmanager
async def target(folder: Path) -> AsyncIterator[Target]:
    """Run the bot between both sandboxes, on a database file in `folder`."""
    async with AsyncExitStack() as closing:
        log = closing.enter_context(printed("json", "debug"))
        slack, platform = Slack(), Accelevents()
        slack_url = await closing.enter_async_context(serving(slack.app))
        platform_url = await closing.enter_async_context(serving(platform.app))
        slack.base_url, slack.rate_limits.enabled = slack_url, False
        path = folder / "bot.db"
        settings = settings_for(
            slack,
            slack_url,
            platform_url,
            database_url=f"sqlite:///{path}",
            log_level="debug",
            retention_days=3650,  # the samples are old
        )
        app = await closing.enter_async_context(running(settings))
        database = sqlite3.connect(path)
        closing.callback(database.close)
        bot = Target(app, slack, platform, log, database, settings)
        async with asyncio.timeout(READY_SECONDS):
            await bot.ready()
        await bot.seed()
        yield bot
