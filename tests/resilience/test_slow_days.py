"""A slow platform: Slack gets its first answer in time, and people get their result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from slackbot.sandbox.slack import ScreenItem
from slackbot.slack import error_texts, texts
from tests.scenario.conftest import Mission

from .bot_process import link_all, outside, started
from .inputs import BUSY, SLACK_GIVES_UP_SECONDS, Input, all_at_once, inputs_of
from .sizes import FULL, SIZE, figure

DELAYS = [5.0, 30.0] if FULL else [3.0]
PATIENCE = 120.0
# From a button's first answer to its result, for 95 of 100; a suite beside it takes its time.
BUTTON_SECONDS = 0.3 if FULL else 2.0
AT_ONCE = SIZE.inputs if FULL else 16
# The best counts: other work on the machine makes a round slower, and nothing makes it faster.
ROUNDS = 3
DEFECT = texts.DEFECT.partition("*\n")[0].strip("*")
TIMED_OUT = error_texts.ERRORS["timed_out"].partition("*\n")[0].strip("*")


def p95(seconds: Iterable[float]) -> float:
    ordered = sorted(seconds)
    return ordered[int(0.95 * (len(ordered) - 1))]


def spread(seconds: Iterable[float]) -> str:
    ordered = sorted(seconds)
    return f"p95 {p95(ordered):.2f} s, at most {ordered[-1]:.2f} s"


def after_the_first(inputs: list[Input]) -> list[float]:
    """Of each click, how long after its first answer its result was there."""
    return [one.replaced_after for one in inputs if one.kind == "click"]


def report(delay: float, inputs: list[Input], results: list[ScreenItem]) -> None:
    """The slowest answers, and what came of it."""
    for kind in sorted({one.kind for one in inputs}):
        first = spread(one.first.seconds for one in inputs if one.kind == kind)
        figure(f"platform delayed {delay:g} s, first answer to a {kind}: {first}")
    figure(f"result of a click: {spread(after_the_first(inputs))} after that")
    late = Counter(TIMED_OUT in seen.text for seen in results)
    figure(f"{len(inputs)} inputs at once: {late[False]} results, {late[True]} time-out sentences")


@pytest.mark.parametrize("delay", DELAYS)
async def test_many_inputs_at_once(tmp_path: Path, delay: float) -> None:
    """Every first answer comes before Slack gives up, and every result or time-out sentence."""
    async with outside(tmp_path) as mission:
        names = [f"guest{n:03}" for n in range(SIZE.inputs)]
        await link_all(mission, names)
        async with started(mission, tmp_path) as bot:
            inputs = inputs_of([mission.person(name) for name in names])
            for one in inputs:
                await one.prepare()
            mission.platform.delay(delay)
            results = await all_at_once(mission, inputs, PATIENCE)
            report(delay, inputs, results)
            assert await bot.stop() == 0
        check_first_answers(inputs)
        check_results(mission, results)
        assert '"level": "error"' not in bot.log.read_text()


async def test_many_commands_and_clicks_with_no_delay(tmp_path: Path) -> None:
    """A command's answer is its first reply, and a button's result follows its own at once."""
    async with outside(tmp_path) as mission:
        crowds = [[f"guest{n:03}of{m}" for n in range(AT_ONCE)] for m in range(ROUNDS)]
        await link_all(mission, [name for names in crowds for name in names])
        times: list[float] = []
        async with started(mission, tmp_path) as bot:
            for names in crowds:
                inputs = inputs_of([mission.person(name) for name in names], BUSY)
                for one in inputs:
                    await one.prepare()
                results = await all_at_once(mission, inputs, PATIENCE)
                report(0, inputs, results)
                check_first_answers(inputs)
                check_results(mission, results)
                assert [one for one in inputs if texts.ASKING in one.first.body] == []
                assert [seen.text for seen in results if TIMED_OUT in seen.text] == []
                times.append(p95(after_the_first(inputs)))
                if times[-1] < BUTTON_SECONDS:
                    break
            assert await bot.stop() == 0
        assert '"level": "error"' not in bot.log.read_text()
        assert min(times) < BUTTON_SECONDS


def check_first_answers(inputs: list[Input]) -> None:
    """All came, and before Slack gives up."""
    assert [one.first for one in inputs if not one.first.ok] == []
    assert max(one.first.seconds for one in inputs) < SLACK_GIVES_UP_SECONDS


def check_results(mission: Mission, results: list[ScreenItem]) -> None:
    """Nothing went wrong, and Slack dropped nothing in silence."""
    assert [seen.text for seen in results if seen.error is not None] == []
    assert [seen.text for seen in results if DEFECT in seen.text] == []
    assert mission.slack.problems == []
