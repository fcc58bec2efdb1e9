"""What is said of a measurement is true of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from starlette.responses import PlainTextResponse

from slackbot.sandbox.serving import serving

from .crowd import Load
from .figures import (
    BROKEN,
    MATCH,
    OK,
    ONE,
    ONE_TUNED,
    TOO_NOISY,
    Experiment,
    Figures,
    Target,
    guard_status,
    is_sustained,
    is_swift,
    run_status,
)
from .load import Question, Round, WrongAnswerError, drive, summary
from .noise import too_noisy
from .stage import SQLITE

REQUEST = b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"


def test_a_summary_counts_in_milliseconds() -> None:
    """A hundred and one times from 0 to 100 ms have their middle at 50 and their end at 99."""
    one = summary([number / 1000 for number in range(101)], 2.0)
    assert (one.answers, one.per_second) == (101, 50.5)
    assert one.p50 == pytest.approx(50)
    assert one.p99 == pytest.approx(99)


def test_ratios_are_of_medians() -> None:
    """One wild round on either side changes nothing."""
    rounds = [Round(1, rate, 1 / rate, 1) for rate in (100.0, 200.0, 9000.0)]
    beside = [Round(1, rate, 1 / rate, 1) for rate in (1.0, 10.0, 20.0)]
    experiment = Experiment(ONE, rounds, beside, "beside")
    assert experiment.ratio("per_second") == 20
    assert experiment.ratio("p50") == pytest.approx(0.05)


def test_more_is_better_for_rates_and_less_for_times() -> None:
    """A target knows its direction, and says it."""
    rate, time = Target(ONE, "per_second", 20), Target(ONE, "p50", 0.1)
    assert (rate.met_by(21), rate.met_by(19), str(rate)) == (True, False, "≥ 20 ×")
    assert (time.met_by(0.05), time.met_by(0.2), str(time)) == (True, False, "≤ 0.1 ×")


def test_noise_is_what_differs_twofold() -> None:
    """Rounds of the same thing may differ by a factor of two, not by more."""
    assert too_noisy({"steady": [1.0, 2.0], "unsteady": [1.0, 1.1, 2.1]}) == ["unsteady"]


@pytest.mark.parametrize(
    ("ratio", "unsteady", "status"),
    [
        (0.4, [], OK),
        (0.19, [], BROKEN),
        (0.4, ["bot"], TOO_NOISY),
        (0.19, ["bot"], TOO_NOISY),
        (0.03, ["bot"], BROKEN),
    ],
)
def test_a_noisy_run_has_its_own_status(ratio: float, unsteady: list[str], status: int) -> None:
    """75 where the machine is too noisy to judge; noise never excuses a broken promise."""
    assert run_status(ratio, unsteady) == status


@pytest.mark.parametrize(
    ("ratio", "noisy", "status"),
    [(0.21, True, OK), (0.19, False, BROKEN), (0.19, True, OK), (0.03, True, BROKEN)],
)
def test_noise_does_not_break_the_guard(ratio: float, noisy: bool, status: int) -> None:
    """Too little on a quiet machine is broken, and far too little on any."""
    assert guard_status(ratio, always_noisy=noisy) == status


async def test_wrong_answers_are_not_measured() -> None:
    """A server that answers something else ends the measurement."""
    async with serving(PlainTextResponse("asking")) as url:
        asked = await drive(url, Question([REQUEST], b"ask"), clients=2, seconds=0.1)
        assert asked.answers >= 2
        with pytest.raises(WrongAnswerError, match="asking"):
            await drive(url, Question([REQUEST], b"done"), clients=2, seconds=5)


LOAD = Load(
    database=SQLITE,
    per_second=100.0,
    seconds=60.0,
    made=6000,
    sent=6000,
    twice=0,
    inversions=0,
    p50=10.0,
    p99=50.0,
    backlog=3,
    all_sent=60.1,
    cpu=6.0,
    planned_seconds=60.0,
    least_seconds=60.0,
)


@pytest.mark.parametrize(
    ("change", "sustained"),
    [({}, True), ({"backlog": 100}, True), ({"backlog": 101}, False), ({"seconds": 67.0}, False)],
)
def test_a_load_is_sustained_when_nothing_piles_up(
    change: dict[str, float], sustained: bool
) -> None:
    """No more waits than comes in a second, and the source of matches was not late itself."""
    assert is_sustained(replace(LOAD, **change)) is sustained


@pytest.mark.parametrize(
    ("change", "swift"),
    [({}, True), ({"inversions": 1}, False), ({"all_sent": 70.0}, False)],
)
def test_a_burst_is_told_in_order_and_on_time(change: dict[str, float], swift: bool) -> None:
    """Nothing overtakes what is older, and Slack's own limits are nearly all of its time."""
    assert is_swift(replace(LOAD, **change)) is swift


@pytest.mark.parametrize(
    ("ratio", "load", "unsteady", "status"),
    [
        (5.0, LOAD, [], OK),
        (7.0, LOAD, [], BROKEN),
        (7.0, LOAD, ["bot"], TOO_NOISY),
        (5.0, replace(LOAD, backlog=500), [], BROKEN),
        (5.0, replace(LOAD, backlog=500), ["bot"], TOO_NOISY),
        (5.0, replace(LOAD, sent=5999), ["bot"], BROKEN),
        (5.0, replace(LOAD, twice=1), ["bot"], BROKEN),
    ],
)
def test_a_missed_bound_breaks_a_run(
    ratio: float, load: Load, unsteady: list[str], status: int
) -> None:
    """Noise excuses what is slow, and never a match that is lost or sent twice."""
    figures = Figures(sustained=[load])
    for name, bot in ((ONE_TUNED, Round(1, 25.0, 0.05, 1)), (MATCH[SQLITE], Round(1, 1, ratio, 1))):
        figures.experiments[name] = Experiment(name, [bot], [Round(1, 1, 1, 1)], "beside")
    assert figures.status(unsteady) == status
