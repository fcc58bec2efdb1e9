"""The plan of a run: which rounds, in which order."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from . import answer, matches
from .answer import Side, answer_round, warm_up
from .figures import GUARD, MANY, MATCH, OK, ONE, Experiment, Figures, guard_status
from .load import Round
from .noise import calibrate, too_noisy
from .processes import peer
from .stage import Stage, stage

Say = Callable[[str], None]
TRIES = 3
GUARD_ROUNDS, GUARD_SECONDS = 3, 0.4


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured. `matches` on each side in each round."""

    rounds: int = 5
    seconds: float = 2.0
    matches: int = 96


@dataclass(frozen=True, slots=True)
class Scene:
    """The stage with everybody on it."""

    stage: Stage
    sides: list[Side]
    echo_url: str


Seen = dict[tuple[str, str], list[Round]]
"""Rounds by experiment and side."""


async def measure(plan: Plan, say: Say) -> Figures:
    """All experiments: in each round every side in turn, a calibration before each kind."""
    figures, seen = Figures(), Seen()
    async with AsyncExitStack() as closing:
        scene = await _scene(closing)
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
                told = await matches.match_round(scene.stage, names, plan.matches)
                seen.setdefault((MATCH, side), []).append(told)
    for name, other in ((ONE, answer.BARE), (MANY, answer.BARE), (MATCH, matches.DIRECT)):
        sides = seen[name, answer.BOT], seen[name, other]
        figures.experiments[name] = Experiment(name, *sides, other)
    return figures


async def _answers(scene: Scene, seconds: float, seen: Seen) -> None:
    for name, clients in ((ONE, 1), (MANY, 16)):
        for side in scene.sides:
            took = await answer_round(scene.stage, side, clients=clients, seconds=seconds)
            seen.setdefault((name, side.name), []).append(took)


async def guard(say: Say) -> int:
    """The exit status: is a command still answered `GUARD` times as often as by bare Bolt?

    The best of three tries counts.
    """
    best, noisy = 0.0, True
    async with AsyncExitStack() as closing:
        scene = await _scene(closing)
        for number in range(TRIES):
            figures = await _guard_try(scene)
            unsteady = too_noisy(figures.steadiness())
            best, noisy = max(best, figures.guarded), noisy and bool(unsteady)
            remark = f"; unsteady: {', '.join(unsteady)}" if unsteady else ""
            say(f"try {number + 1}: {figures.guarded:.1f} × bare Bolt{remark}")
            if best >= GUARD:
                return OK
    status = guard_status(best, always_noisy=noisy)
    if status == OK:
        say("the machine is too noisy to tell; not counted as a failure")
    return status


async def _guard_try(scene: Scene) -> Figures:
    figures, seen = Figures(), {side.name: list[Round]() for side in scene.sides}
    for _ in range(GUARD_ROUNDS):
        figures.calibrations.append(await calibrate(scene.echo_url))
        for side in scene.sides:
            took = await answer_round(scene.stage, side, clients=1, seconds=GUARD_SECONDS)
            seen[side.name].append(took)
    figures.experiments[ONE] = Experiment(ONE, seen[answer.BOT], seen[answer.BARE], answer.BARE)
    return figures


async def _scene(closing: AsyncExitStack) -> Scene:
    here = await closing.enter_async_context(stage())
    secret, token = here.slack.signing_secret, here.slack.token
    given = {"api_url": here.api_url, "token": token, "secret": secret}
    bare_url = await closing.enter_async_context(peer(here.folder, "bare", **given))
    echo_url = await closing.enter_async_context(peer(here.folder, "echo"))
    await here.link(answer.PERSON)
    sides = answer.sides(here, bare_url)
    for side in sides:
        await warm_up(here, side)
    return Scene(here, sides, echo_url)
