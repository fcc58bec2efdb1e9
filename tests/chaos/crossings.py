"""People who connect at one process while another one deletes them: nothing of them is kept.

Each crossing is one person. Their form is submitted at one process, and after a random delay they
disconnect, are deactivated or remove the app at another one. Half of them ask to be available, so
that rows of sessions, feeds, matches and notices are written for them at that moment too. Those who
leave in one way are looked at before the next ones come, since a removal deletes everybody.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from dataclasses import dataclass, field

import click
import psycopg

from slackbot.domain.model import EventSlug
from slackbot.sandbox.slack import User, payloads
from slackbot.sandbox.slack.transport import transport_for
from slackbot.sandbox.slack.workspace import Content
from slackbot.slack import texts
from slackbot.slack.blocks.events import disconnect_question
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.modals import CONNECT, CREDENTIAL, EVENT, PendingCommand

from .bots import Bot, rng
from .stage import SESSION, Stage, stage

EVENT_SLUG = EventSlug("demo")
AT_ONCE = 8
# The longest delay until somebody leaves: the check of a credential, or becoming available, ends
# in less.
CONNECT_SECONDS, AVAILABLE_SECONDS = 0.15, 0.8
SETTLE_SECONDS = 30.0
# Afterwards nothing may be written by what was under way.
QUIET_SECONDS = 5.0
DELIVERIES = 4
WAYS = ("disconnect", "deactivation", "removal")
# Tables that hold something about people: ours name the user, the engine's the workflow.
TABLES = """
    SELECT table_schema || '.' || table_name FROM information_schema.columns
    WHERE (table_schema, column_name) = ('public', 'user_id')
        OR (table_schema = 'dbos' AND column_name IN ('workflow_uuid', 'destination_uuid'))
    GROUP BY 1 ORDER BY 1
"""


@dataclass
class Crossings:
    """Crosses people, each once, on a stage where nobody else is."""

    here: Stage
    done: Counter[str] = field(default_factory=Counter)
    # Those who left after their credential was being checked.
    certain: int = 0

    async def run(self, way: str, times: int) -> None:
        """Cross so many people who leave in one way, some at once."""
        slots = asyncio.Semaphore(AT_ONCE)

        async def cross(number: int) -> None:
            async with slots:
                await self._cross(f"{way}{number:05}", way, number % 2 == 0)

        await asyncio.gather(*map(cross, range(times)))

    async def _cross(self, name: str, way: str, available: bool) -> None:
        here = self.here
        here.slack.workspace.add(name)
        here.platform.add_attendee(name, name.title())
        webs = [bot for bot in here.bots if bot.role == "web"]
        one, other = rng.sample(webs, 2)
        command = f"available {SESSION}" if available else ""
        before = len(here.platform.calls)
        connecting = asyncio.create_task(self._connect(name, one, command))
        longest = AVAILABLE_SECONDS if available else CONNECT_SECONDS
        await asyncio.sleep(rng.uniform(0.0, longest))
        begun = any(call.attendee == name for call in here.platform.calls[before:])
        await self._leave(name, other, way)
        await connecting
        self.done[way] += 1
        self.certain += begun
        if not begun:
            # Either may have been first, so the person leaves once more.
            await self._leave(name, other, "disconnect")

    async def _connect(self, name: str, bot: Bot, command: str) -> None:
        """Submit the connect form as Slack does."""
        user = self._user(name, bot)
        actor = payloads.Actor(self.here.slack, user.workspace, user.member)
        values = {EVENT: "demo", CREDENTIAL: self.here.platform.token_for(name)}
        view = {
            "id": f"V{name}",
            "type": "modal",
            "callback_id": CONNECT,
            "private_metadata": PendingCommand(command).dump(),
            "state": {"values": {key: {key: {"value": text}} for key, text in values.items()}},
        }
        payload = payloads.interaction(actor, "view_submission") | {"view": view}
        answer = await transport_for(self.here.slack, bot.url).interaction(payload)
        assert answer.ok, answer

    async def _leave(self, name: str, bot: Bot, way: str) -> None:
        user = self._user(name, bot)
        if way == "disconnect":
            # The button of a question: typed, the command only asks.
            question = disconnect_question([EVENT_SLUG], HubLinks("", ""), "/networking")
            blocks = [block | {"block_id": str(n)} for n, block in enumerate(question.blocks)]
            content = Content(question.text, blocks)
            dm = user.workspace.dm(user.id)
            shown = user.workspace.post(dm.id, content)
            [seen] = [each for each in await user.sees(where="dm") if each.id == shown.ts]
            assert (await user.clicks(seen, texts.BUTTON_DISCONNECT)).ok
            return
        kind, who = "app_uninstalled", None
        if way == "deactivation":
            kind, who = "user_change", {"id": user.id, "deleted": True}
        # What is not done in time is answered so, and Slack delivers it again.
        for _ in range(DELIVERIES):
            if (await user.event(kind, user=who)).ok:
                return
        raise AssertionError(f"{kind} is not done")

    def _user(self, name: str, bot: Bot) -> User:
        return self.here.slack.user(name, bot_url=bot.url)

    def kept(self) -> dict[str, int]:
        """Return the rows that are left, by table."""
        server = self.here.server
        assert server is not None
        with server.connect("nemesis") as connection:
            names = [str(name) for (name,) in connection.execute(TABLES)]
            rows = {name: _count(connection, name) for name in names}
        assert len(rows) > len(WAYS), "the tables are called differently"
        return {name: count for name, count in rows.items() if count}


def _count(connection: psycopg.Connection[tuple[object, ...]], table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    return int(str(row[0])) if row is not None else 0


async def cross(here: Stage, times: int) -> None:
    """Cross so many people; the remark says how many were being checked when they left.

    Raises:
        AssertionError: something of somebody is kept.
    """
    crossings, kept = Crossings(here), dict[str, dict[str, int]]()
    for number, way in enumerate(WAYS):
        await crossings.run(way, times * (number + 1) // len(WAYS) - times * number // len(WAYS))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_SECONDS):
                while crossings.kept():  # noqa: ASYNC110 - others delete
                    await asyncio.sleep(0.5)
        await asyncio.sleep(QUIET_SECONDS)
        if left := await asyncio.to_thread(crossings.kept):
            kept[way] = left
    ways = ", ".join(f"{count} {way}" for way, count in sorted(crossings.done.items()))
    here.notes.append(f"{ways}; {crossings.certain} while connecting")
    assert not kept, f"rows are kept of people who left: {kept}"


async def cross_many(times: int, left_out: str = "") -> bool:
    """Cross so many people on a stage of their own; return whether nothing of them is kept."""
    async with stage("postgresql", people=0, left_out=left_out) as here:
        try:
            await cross(here, times)
        except AssertionError as error:
            here.notes.append(str(error))
            return False
        finally:
            click.echo(f"{times} crossings: {', '.join(here.notes)}")
    return True
