"""One feed under a storm of events: it stays up, and the others do not notice."""

from __future__ import annotations

import asyncio
import json
from itertools import count
from pathlib import Path
from typing import Any

from slackbot.sandbox.accelevents import Accelevents
from tests.scenario.conftest import LogLines, Start, dms

from .crowd import Crowd
from .sizes import SIZE, figure

PAYLOADS = Path(__file__).parents[1] / "payloads" / "platform"
VICTIM = "guest000"


def junk() -> list[Any]:
    """Payloads that are no match: broken, of another kind, deep, of 200 kB."""
    files = [*PAYLOADS.glob("socket_broken_*.json"), *PAYLOADS.glob("socket_other_*.json")]
    # With a token alone the account id is unknown, so people cannot be distinguished.
    files = [file for file in files if file.stem != "socket_broken_only_oneself"]
    deep: Any = {"fullName": "Deep"}
    for _ in range(200):
        deep = [deep]
    large = {"message": "x" * 200_000, "rows": []}
    wide = [{"kind": "row", "n": n, "text": "y" * 20} for n in range(4000)]
    return [*(tuple(json.loads(f.read_bytes())["args"]) for f in files), deep, large, wide, None]


async def storm(platform: Accelevents, least: int, enough: asyncio.Event) -> int:
    """Events to one person, at least so many: junk, and one real match again and again."""
    kinds = junk()
    for n in count():
        if n >= least and enough.is_set():
            break
        if n % 10 == 0:
            await platform.send_again(number=1, only=VICTIM)
        else:
            await platform.emit(VICTIM, kinds[n % len(kinds)], f"event{n % 7}")
        await asyncio.sleep(0)
    return n


async def test_a_storm_on_one_feed(start: Start, log_lines: LogLines) -> None:
    """Others receive each of their matches once while it lasts, and no feed goes down."""
    mission = await start(Accelevents())
    crowd = Crowd(mission)
    await crowd.gather(10)
    told_before = len(await dms(mission.person(VICTIM)))
    enough = asyncio.Event()
    blowing = asyncio.create_task(storm(mission.platform, SIZE.storm, enough))
    await crowd.meet()
    await crowd.all_told()
    enough.set()
    events = await blowing
    await crowd.meet()
    await crowd.check_told_once()
    await crowd.check_listening()
    assert crowd.sockets() == dict.fromkeys(crowd.names, 1)
    assert not [line for line in log_lines if line["event"] == "feed_down"]
    assert told_before == 1
    figure(f"storm of {events} events, during which the others received theirs")


async def test_a_match_in_a_large_payload(start: Start) -> None:
    """A match among 200 kB of other things is sent once."""
    mission = await start()
    ada = await mission.link("ada")
    await mission.ask(ada, "/networking available 11645")
    match = json.loads((PAYLOADS / "socket_ok_wrapped.json").read_bytes())["args"][0]
    for _ in range(3):
        await mission.platform.emit("ada", {**match, "notes": "z" * 200_000})
    await ada.waits_for("Priya Raman", where="dm")
    await mission.platform.emit("ada", {"notes": "z" * 200_000})
    await mission.ask(ada, "/networking status")
    assert len(await dms(ada)) == 1
