"""The playground with a real bot, played by the requests of its page."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator

import pytest

from tests.harness.playground import Page, opened, playground

SESSION = "First Network Session"
CHANNEL = "C0GENERAL"


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """Open a page of a playground in which everything runs."""
    async with playground() as (served, address), opened(address) as page:
        assert served.run is not None
        served.run.platform.knobs.round_seconds = 12
        await page.until(lambda: page.state.get("bot") == "running")
        yield page


async def connect(page: Page, person: str, command: str = "/networking connect") -> None:
    """Let a person type a command, and paste the newest magic link into the form."""
    await page.act(person, "type", text=command, place=CHANNEL)
    if command != "/networking connect":
        prompt = await page.sees(person, '"text": "Connect"', CHANNEL)
        await page.press(person, prompt, "Connect")
    form = await page.sees(person, "Magic link", "modal")
    link = page.person(person)["letters"][-1]["magic_link"]
    values = {"event": "demo", "credential": link}
    await page.act(person, "submit", item=form["id"], values=values)


async def match(page: Page) -> dict[str, dict[str, object]]:
    """Connect both and make them available; return their messages of the match."""
    for person in ("ada", "priya"):
        await connect(page, person)
        await page.sees(person, "You're connected", CHANNEL)
    for person in ("ada", "priya"):
        await page.act(person, "type", text="/networking available 11645", place=CHANNEL)
        await page.sees(person, "in First Network Session", CHANNEL)
    return {
        "ada": await page.sees("ada", "You're matched with Priya Raman"),
        "priya": await page.sees("priya", "You're matched with Ada Example"),
    }


async def test_the_mission_is_played_from_the_page(page: Page) -> None:
    """Two people connect, list, join, become available, are matched, and the round ends."""
    await connect(page, "ada", "/networking sessions")
    listed = await page.sees("ada", "Networking now", CHANNEL)
    await page.press("ada", listed, "Join")
    joined = await page.sees("ada", f"You've joined {SESSION}", CHANNEL)
    await page.press("ada", joined, "I'm available")
    await page.sees("ada", "You're available in", CHANNEL)
    await connect(page, "priya", "/networking available first network")
    message = await page.sees("ada", "You're matched with Priya Raman")
    assert message["place"] == page.person("ada")["dm"]
    await page.sees("priya", "You're matched with Ada Example")
    over = await page.sees("ada", "Time's up", page.person("ada")["dm"])
    assert (over["key"], over["edited"]) == (message["key"], True)


async def test_every_hop_of_an_action_is_shown_without_its_secrets(page: Page) -> None:
    """The timeline leads from the typed command to the messages, and no credential is in it."""
    await match(page)
    kinds = {"person", "bot", "platform", "socket", "sees", "slack"}
    await page.until(lambda: kinds <= {hop["kind"] for hop in page.state["timeline"]})
    hops = page.state["timeline"]
    assert hops[0]["what"] == "types /networking available 11645"
    assert [hop["ms"] for hop in hops] == sorted(hop["ms"] for hop in hops)
    assert {"ada", "priya"} <= {hop["who"] for hop in hops if hop["kind"] == "sees"}
    letters = [p["letters"][-1]["magic_link"] for p in page.state["people"]]
    secrets = [link.partition("userKey=")[2].partition("&")[0] for link in letters]
    assert not [secret for secret in (*secrets, "xoxb-") if secret in str(hops)]


async def test_a_form_shows_errors_at_its_fields(page: Page) -> None:
    """A refused field keeps the form open, with the sentence and what was typed."""
    await page.act("ada", "type", text="/networking connect", place=CHANNEL)
    form = await page.sees("ada", "Magic link", "modal")
    values = {"event": "demo", "credential": "hello there"}
    await page.act("ada", "submit", item=form["id"], values=values)
    refused = await page.until(lambda: page.items["ada"].get(form["key"], {}).get("errors"))
    assert set(refused) == {"credential"}
    shown = page.items["ada"][form["key"]]["values"]["credential"]["credential"]
    assert shown["value"] == "hello there"
    await page.act("ada", "close", item=form["id"])
    await page.until(lambda: form["key"] not in page.items["ada"])


async def test_what_a_client_would_not_do_is_refused_with_a_sentence(page: Page) -> None:
    """Unknown people, buttons that are gone and senseless requests are refused, not obeyed."""
    gone = await page.post("act", person="ada", do="press", item="1", block="b", action="a")
    assert (gone.status_code, gone.json()) == (
        409,
        {"refused": "This is no longer on the screen."},
    )
    stranger = await page.post(
        "act", person="mallory", do="type", text="/networking", place=CHANNEL
    )
    assert stranger.status_code == 409
    assert (await page.post("act", person="ada", do="fly")).status_code == 400
    assert (await page.post("fault", name="earthquake", title="?")).status_code == 400
    assert (await page.post("round", seconds=7)).status_code == 409
    assert (await page.post("round", seconds=20)).status_code == 200


async def test_shortcuts_mentions_and_home_reach_the_bot(page: Page) -> None:
    """A shortcut opens the form, a mention is answered in private, and Home is drawn."""
    given = {"callback": "shortcut_sessions", "label": "Networking sessions"}
    await page.act("ada", "shortcut", **given)
    await page.sees("ada", "Magic link", "modal")
    await page.act("ada", "type", text="@networking help", place=CHANNEL)
    answer = await page.until(
        lambda: [i for i in page.items["ada"].values() if i["place"] == CHANNEL and i["by_bot"]]
    )
    assert [item["only_you"] for item in answer] == [True]
    await page.act("ada", "home", tab="home")
    await page.sees("ada", "Short one-to-one talks", "home")
    await page.act("priya", "type", text="Good morning", place=CHANNEL)
    assert (await page.sees("ada", "Good morning", CHANNEL))["by_bot"] is False


async def test_more_people_come_and_are_matched_too(page: Page) -> None:
    """Somebody who came later has a client of their own, with a ticket."""
    answer = await page.post("person")
    name = answer.json()["name"]
    await page.until(lambda: name in page.items)
    await connect(page, name)
    await page.sees(name, "You're connected", CHANNEL)


@pytest.mark.parametrize(
    ("fault", "sentence"), [("full", "is full"), ("ticket", "isn't in your ticket")]
)
async def test_a_fault_is_there_until_it_is_put_right(
    page: Page, fault: str, sentence: str
) -> None:
    """A lasting fault refuses a join; switched off again, the same command joins."""
    await connect(page, "ada")
    await page.sees("ada", "You're connected", CHANNEL)
    await page.post("fault", name=fault, title="?")
    await page.act("ada", "type", text="/networking join 11645", place=CHANNEL)
    await page.sees("ada", sentence, CHANNEL)
    await page.post("fault", name=fault, title="A fault")
    await page.until(lambda: page.state["timeline"][0]["what"] == "Put right: A fault")
    await page.act("ada", "type", text="/networking join 11645", place=CHANNEL)
    await page.sees("ada", f"You've joined {SESSION}", CHANNEL)


async def test_a_login_that_runs_out_is_mended_from_the_inbox(page: Page) -> None:
    """The person reads it, asks for a new e-mail, and is connected again."""
    await connect(page, "ada")
    await page.act("ada", "type", text="/networking available 11645", place=CHANNEL)
    await page.sees("ada", "You're available in", CHANNEL)
    await page.post("fault", name="expired", title="?", person="ada")
    notice = await page.sees("ada", "Connect again", page.person("ada")["dm"])
    letters = len(page.person("ada")["letters"])
    await page.act("ada", "mail")
    await page.until(lambda: len(page.person("ada")["letters"]) == letters + 1)
    await page.press("ada", notice, "Connect again")
    form = await page.sees("ada", "Magic link", "modal")
    values = {"event": "demo", "credential": page.person("ada")["letters"][-1]["magic_link"]}
    await page.act("ada", "submit", item=form["id"], values=values)
    await page.sees("ada", "You're connected", page.person("ada")["dm"])


async def test_a_match_arrives_whatever_is_broken(page: Page) -> None:
    """Without live updates, and while Slack refuses messages, both have their match once."""
    for person in ("ada", "priya"):
        await connect(page, person)
        await page.sees(person, "You're connected", CHANNEL)
    for fault in ("down", "limited"):
        await page.post("fault", name=fault, title="?")
    for person in ("ada", "priya"):
        await page.act(person, "type", text="/networking available 11645", place=CHANNEL)
    for person, partner in (("ada", "Priya Raman"), ("priya", "Ada Example")):
        await page.sees(person, partner, page.person(person)["dm"])


async def test_a_slow_platform_is_waited_for(page: Page) -> None:
    """While Accelevents is slow, the command says so, and its answer follows."""
    await connect(page, "ada")
    await page.sees("ada", "You're connected", CHANNEL)
    await page.post("fault", name="slow", title="?")
    await page.act("ada", "type", text="/networking join founders", place=CHANNEL)
    await page.sees("ada", "You've joined Founders meet investors", CHANNEL)


async def test_a_crash_in_the_middle_of_a_match_loses_nothing(page: Page) -> None:
    """The bot is killed before Slack has the messages of a match; both arrive once, afterwards."""
    await match(page)
    crashed = await page.post("fault", name="crash", title="?")
    assert crashed.status_code == 200, crashed.text
    for person in ("ada", "priya"):
        dm = page.person(person)["dm"]

        def of_matches(person: str = person, dm: str = dm) -> list[object]:
            items = page.items[person].values()
            return [i for i in items if i["place"] == dm and "matched with" in i["text"]]

        await page.until(lambda of_matches=of_matches: len(of_matches()) == 2)


async def test_the_story_is_played_step_by_step(page: Page) -> None:
    """Every step of the story happens, from the first Home to the pause."""
    steps = (await page.until(lambda: page.state.get("story")))["of"]
    for number in range(1, steps + 1):
        await page.post("story")
        await page.until(
            lambda number=number: (
                page.state["story"]["number"] == number or page.state["story"]["problem"]
            )
        )
        assert page.state["story"]["problem"] == "", page.state["story"]
    assert page.state["story"]["next"] == ""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_the_bots_process_is_not_left_behind() -> None:
    """Once the playground has ended, the bot's process is gone."""

    def children() -> set[str]:
        task = f"/proc/{os.getpid()}/task/{os.getpid()}/children"
        with open(task, encoding="ascii") as listed:
            return set(listed.read().split())

    before = children()
    async with playground():
        assert children() > before
    assert children() == before


async def test_the_command_serves_a_page_and_starts_over() -> None:
    """`slackbot playground` prints the address, starts over on request, and ends with Ctrl-C."""
    command = (sys.executable, "-m", "slackbot", "playground", "--no-browser")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode()
        address = line.split()[-1]
        assert address.startswith("http://127.0.0.1:")
        async with opened(address) as page:
            await page.until(lambda: page.state.get("bot") == "running")
            await page.act("ada", "type", text="hello", place=CHANNEL)
            await page.sees("ada", "hello", CHANNEL)
            await page.post("over")
            await page.until(lambda: page.state.get("run") is False)
            await page.until(lambda: page.state.get("bot") == "running")
            assert page.items["ada"] == {}
            process.send_signal(signal.SIGINT)
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
