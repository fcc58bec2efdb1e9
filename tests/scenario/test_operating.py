"""`/readyz` when notices age, and `/metrics` of a bot at work."""

from __future__ import annotations

import asyncio
import re
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from slackbot.domain.model import Person, TeamId, UserId
from slackbot.sandbox.accelevents import Accelevents
from slackbot.sandbox.serving import serving
from slackbot.sandbox.slack import Slack
from slackbot.sandbox.slack.faults import Fault
from slackbot.sandbox.story.bot_process import free_port
from tests.harness import fakes

from .conftest import Mission, Start, dms, environment_for, settings_for
from .operating import wait_for_readyz
from .process import bot_process

OPERATIONS = Path(__file__).parents[2] / "docs/operations.md"
TOO_LONG = timedelta(seconds=120)
# Values that a label may have: our own words, Slack's methods, and the bounds of buckets.
OUR_WORDS = re.compile(r"[a-z_]+|chat\.[A-Za-z]+|[0-9.]+(e[+-][0-9]+)?|\+Inf")


async def test_readyz_is_red_while_a_notice_is_too_old(start: Start, tmp_path: Path) -> None:
    """503 names `notices` alone while Slack accepts no message; 200 once it was sent."""
    mission = await start(database_url=f"sqlite:///{tmp_path}/slackbot.db")
    ada = await mission.link("ada")
    await mission.stop_bot()
    received_at = datetime.now(UTC) - TOO_LONG
    async with mission.store() as store:
        person = Person(TeamId(mission.team), UserId(ada.id))
        link = await store.links.get(person)
        assert link is not None
        match = fakes.match(person=person, received_at=received_at)
        await store.matches.add(replace(match, person_epoch=link.person_epoch))
    mission.slack.faults.order(Fault("chat.postMessage", times=1000, status=500))
    await mission.start_bot()
    async with httpx.AsyncClient(base_url=mission.bot_url) as http:
        await wait_for_readyz(http, 503, {"notices"}, seconds=10)
        mission.slack.faults.clear()
        await wait_for_readyz(http, 200, set(), seconds=30)
    assert len(await dms(ada, "You were matched")) + len(await dms(ada, "You're matched")) == 1


async def read_metrics(port: int) -> str:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        return (await http.get("/metrics")).text


@pytest.fixture
async def after_mission(tmp_path: Path) -> tuple[str, Mission]:
    """Return the text of `/metrics` of a process after a mission, and the mission."""
    slack, platform, port = Slack(), Accelevents(), free_port()
    async with serving(slack.app) as slack_url, serving(platform.app) as platform_url:
        slack.base_url = slack_url
        settings = settings_for(slack, slack_url, platform_url, metrics_port=port)
        async with bot_process(environment_for(settings), tmp_path) as bot, asyncio.timeout(60):
            url = await bot.serving()
            mission = Mission(slack, platform, slack_url, platform_url, settings, "T0DEMO", url)
            ada = await mission.link("ada")
            await mission.ask(ada, "/networking available 11645")
            await platform.pair("ada", "priya")
            found = await ada.waits_for("You're matched with Priya Raman", where="dm")
            await ada.clicks(found, found.buttons[0].text)
            await ada.opens_home()
            await platform.restart_sockets(0.1)
            text = await read_metrics(port)
            while not value(text, "slackbot_feed_reconnects_total"):
                await asyncio.sleep(0.1)
                text = await read_metrics(port)
            return text, mission


def value(text: str, name: str, **labels: str) -> float:
    families = text_string_to_metric_families(text)
    samples = [s for family in families for s in family.samples if s.name == name]
    [found] = [s for s in samples if labels.items() <= s.labels.items()]
    return found.value


async def test_metrics_count_a_mission(after_mission: tuple[str, Mission]) -> None:
    """Matches, notices, times, feeds and answers are counted, and no label names a person."""
    text, mission = after_mission
    assert value(text, "slackbot_matches_total", source="socket") == 1
    assert value(text, "slackbot_notices_total", outcome="told") == 1
    assert value(text, "slackbot_matches_late_total") == 0
    assert value(text, "slackbot_match_to_dm_seconds_count") == 1
    assert value(text, "slackbot_notices_waiting") == 0
    assert value(text, "slackbot_feeds_open") == 1
    for kind in ("command", "view", "action", "event"):
        assert value(text, "slackbot_answer_seconds_count", kind=kind) >= 1
    ours = [s for f in text_string_to_metric_families(text) for s in f.samples]
    labels = {v for s in ours if s.name.startswith("slackbot_") for v in s.labels.values()}
    assert [label for label in labels if not OUR_WORDS.fullmatch(label)] == []
    member = mission.slack.workspace.named("ada")
    for secret in (mission.team, member.id, "Priya", "Network", mission.slack.token):
        assert secret not in text


async def test_every_metric_has_its_line_in_the_document(
    after_mission: tuple[str, Mission],
) -> None:
    """docs/operations.md has a line for each metric of ours, and for no other."""
    families = list(text_string_to_metric_families(after_mission[0]))
    ours = {
        f.name + ("_total" if f.type == "counter" else "")
        for f in families
        if f.name.startswith("slackbot_") and not f.name.endswith("_created")
    }
    rows = re.findall(r"^\| `(slackbot_\w+)`", OPERATIONS.read_text(), re.MULTILINE)
    assert sorted(rows) == sorted(ours)


async def test_a_metrics_port_that_is_taken_ends_the_start(tmp_path: Path) -> None:
    """One line names the variable, and nothing runs."""
    slack = Slack()
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        bound.listen()
        port = bound.getsockname()[1]
        settings = settings_for(slack, "http://127.0.0.1:9", "http://127.0.0.1:9")
        environment = environment_for(settings) | {"METRICS_PORT": str(port)}
        async with bot_process(environment, tmp_path) as bot:
            assert await bot.serving() == ""
            assert await bot.ends() == 1
            assert bot.lines[-1].startswith("Error: METRICS_PORT")
