"""A slow platform: Slack gets its first answer in time, and people get their result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from slackbot.sandbox.slack import Seen
from slackbot.slack import words

from .bot_process import link_all, outside, started
from .inputs import SLACK_GIVES_UP_SECONDS, Input, all_at_once, inputs_of
from .sizes import FULL, SIZE, figure

DELAYS = [0.0, 5.0, 30.0] if FULL else [0.0, 3.0]
PATIENCE = 120.0
DEFECT = words.DEFECT.partition("*\n")[0].strip("*")
TIMED_OUT = words.ERRORS["timed_out"].partition("*\n")[0].strip("*")


def spread(seconds: Iterable[float]) -> str:
    ordered = sorted(seconds)
    p95 = ordered[int(0.95 * (len(ordered) - 1))]
    return f"p95 {p95:.2f} s, at most {ordered[-1]:.2f} s"


def report(delay: float, inputs: list[Input], results: list[Seen]) -> None:
    """The slowest answers, and what came of it."""
    for kind in sorted({one.kind for one in inputs}):
        first = spread(one.first.seconds for one in inputs if one.kind == kind)
        figure(f"platform delayed {delay:g} s, first answer to a {kind}: {first}")
    figure(f"result of a click: {spread(one.replaced_after or 0 for one in inputs)} after that")
    late = Counter(TIMED_OUT in seen.text for seen in results)
    figure(f"{len(inputs)} inputs at once: {late[False]} results, {late[True]} time-out sentences")


@pytest.mark.parametrize("delay", DELAYS)
async def test_many_inputs_at_once(tmp_path: Path, delay: float) -> None:
    """Every first answer comes before Slack gives up, and every result or time-out sentence."""
    async with outside(tmp_path) as mission:
        names = [f"guest{n:03}" for n in range(SIZE.inputs if delay else 16)]
        await link_all(mission, names)
        async with started(mission, tmp_path) as bot:
            inputs = inputs_of([mission.person(name) for name in names])
            for one in inputs:
                await one.prepare()
            mission.platform.delay(delay)
            results = await all_at_once(mission, inputs, PATIENCE)
            report(delay, inputs, results)
            assert await bot.stop() == 0
        assert [one.first for one in inputs if not one.first.ok] == []
        assert max(one.first.seconds for one in inputs) < SLACK_GIVES_UP_SECONDS
        assert [seen.text for seen in results if seen.error is not None] == []
        assert [seen.text for seen in results if DEFECT in seen.text] == []
        if delay == 0:
            assert [one for one in inputs if words.ASKING in one.first.body] == []
        assert mission.slack.problems == []
        assert '"level": "error"' not in bot.log.read_text()
