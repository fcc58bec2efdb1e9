"""The plan of a run: which rounds, in which order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from . import answer, crowd, matches
from .answer import Side, answer_round, warm_up
from .crowd import Load
from .figures import (
    GUARD,
    MANY,
    MANY_TUNED,
    MATCH,
    OK,
    ONE,
    ONE_TUNED,
    Experiment,
    Figures,
    guard_status,
)
from .load import Round
from .noise import calibrate, too_noisy
from .processes import peer
from .stage import POSTGRESQL, SQLITE, Stage, stage

Say = Callable[[str], None]
TRIES = 3
GUARD_ROUNDS, GUARD_SECONDS = 5, 0.8
# Between two bursts: both at once are more than two cores can make, store and tell.
APART_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured. `matches` on each side in each round."""

    rounds: int = 5
    seconds: float = 2.0
    matches: int = 96
    load_per_second: float = 100.0
    load_seconds: float = 60.0
    burst: int = 1000


@dataclass(frozen=True, slots=True)
class ErrorContext:
    """The stage with everybody on it."""

    stage: Stage
    sides: list[Side]
    echo_url: str


# Rounds by experiment and side.
Seen = dict[tuple[str, str], list[Round]]


async def measure(plan: Plan, say: Say) -> Figures:
    """All experiments, one after the other."""
    figures = Figures()
    await _side_by_side(plan, say, figures)
    for database in (SQLITE, POSTGRESQL):
        say(f"{plan.load_per_second:g} matches a second, {database}")
        async with crowd.crowd(database) as here:
            load = await crowd.sustained(here, database, plan.load_per_second, plan.load_seconds)
            figures.sustained.append(load)
    say(f"a burst of {plan.burst}, on both: while one waits for Slack, the other's is made")
    async with AsyncExitStack() as closing:
        # Set up one after the other: migrations are one at a time in a process.
        crowds = [
            (await closing.enter_async_context(crowd.crowd(database)), database)
            for database in (SQLITE, POSTGRESQL)
        ]
        rate, matches = plan.load_per_second, plan.burst
        bursts = (
            _later(number * APART_SECONDS, crowd.burst(here, database, rate, matches))
            for number, (here, database) in enumerate(crowds)
        )
        figures.bursts += await asyncio.gather(*bursts)
    return figures


async def _later(seconds: float, burst: Awaitable[Load]) -> Load:
    await asyncio.sleep(seconds)
    return await burst


async def _side_by_side(plan: Plan, say: Say, figures: Figures) -> None:
    """In each round every side in turn, a calibration before each kind."""
    seen = Seen()
    async with AsyncExitStack() as closing:
        scene = await _scene(closing, SQLITE, POSTGRESQL)
        people = await closing.enter_async_context(matches.audience(scene.stage))
        for names in people.values():  # everybody's first message, whatever it costs
            matches.forget_arrivals(scene.stage)
            await matches.match_round(scene.stage, names, len(names))
        for number in range(plan.rounds):
            say(f"round {number + 1} of {plan.rounds}")
            figures.calibrations.append(await calibrate(scene.echo_url))
            await _answers(scene, plan.seconds, seen)
            figures.calibrations.append(await calibrate(scene.echo_url))
            for side, names in people.items():
                sent = await matches.match_round(scene.stage, names, plan.matches)
                seen.setdefault(("match", side), []).append(sent)
    for name, tuned in ((ONE, ONE_TUNED), (MANY, MANY_TUNED)):
        _compare(figures, name, seen, name, answer.BARE)
        _compare(figures, tuned, seen, name, answer.TUNED)
    for database, name in MATCH.items():
        sides = seen["match", database], seen["match", matches.DIRECT]
        figures.experiments[name] = Experiment(name, *sides, matches.DIRECT)


def _compare(figures: Figures, name: str, seen: Seen, asked: str, other: str) -> None:
    rounds = seen[asked, answer.BOT], seen[asked, other]
    figures.experiments[name] = Experiment(name, *rounds, other)


async def _answers(scene: ErrorContext, seconds: float, seen: Seen) -> None:
    for name, clients in ((ONE, 1), (MANY, 16)):
        for side in scene.sides:
            took = await answer_round(scene.stage, side, clients=clients, seconds=seconds)
            seen.setdefault((name, side.name), []).append(took)


async def guard(say: Say) -> int:
    """The exit status: is a command still answered `GUARD` times as often as by tuned Bolt?

    The best of three tries counts, after one that warms everything up.
    """
    best, noisy = 0.0, True
    async with AsyncExitStack() as closing:
        scene = await _scene(closing, SQLITE)
        await _guard_try(scene)
        for number in range(TRIES):
            figures = await _guard_try(scene)
            unsteady = too_noisy(figures.steadiness())
            best, noisy = max(best, figures.guarded), noisy and bool(unsteady)
            remark = f"; unsteady: {', '.join(unsteady)}" if unsteady else ""
            say(f"try {number + 1}: {figures.guarded:.2f} × tuned Bolt{remark}")
            if best >= GUARD:
                return OK
    status = guard_status(best, always_noisy=noisy)
    if status == OK:
        say("the machine is too noisy to tell; not counted as a failure")
    return status


async def _guard_try(scene: ErrorContext) -> Figures:
    figures, seen = Figures(), Seen()
    for _ in range(GUARD_ROUNDS):
        figures.calibrations.append(await calibrate(scene.echo_url))
        for side in scene.sides:
            if side.name == answer.BARE:
                continue  # waits for most of the time, so its ratio tells the machine's speed
            took = await answer_round(scene.stage, side, clients=1, seconds=GUARD_SECONDS)
            seen.setdefault((ONE, side.name), []).append(took)
    _compare(figures, ONE_TUNED, seen, ONE, answer.TUNED)
    return figures


async def _scene(closing: AsyncExitStack, *databases: str) -> ErrorContext:
    here = await closing.enter_async_context(stage(*databases))
    secret, token = here.slack.signing_secret, here.slack.token
    given = {"api_url": here.api_url, "token": token, "secret": secret}
    bare_url = await closing.enter_async_context(peer(here.folder, "bare", **given))
    tuned_url = await closing.enter_async_context(peer(here.folder, "tuned", **given))
    echo_url = await closing.enter_async_context(peer(here.folder, "echo"))
    await here.link(answer.PERSON)
    sides = answer.sides(here, bare_url, tuned_url)
    for side in sides:
        await warm_up(here, side)
    return ErrorContext(here, sides, echo_url)
