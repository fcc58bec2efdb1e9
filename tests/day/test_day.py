"""A short day of some attendees: nothing is sent, stored or waited for that should not be.

`make day` plays a whole one of a thousand.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from .bot import Parts
from .journal import Journal, Sent
from .oracle import Oracle
from .simulate import Plan, simulate
from .twins import differences

SHORT = Plan(people=14, seed=5, sessions=2, minutes=15)


@pytest.fixture(scope="module")
def day() -> Journal:
    return simulate(SHORT)


def test_a_day_goes_as_promised(day: Journal) -> None:
    """Every figure is zero, of things that did happen."""
    verdict = Oracle(day).judge()
    assert dict(verdict.wrong) == {}
    assert all(verdict.looked_at[what] for what in ("minutes available", "reminders", "recaps"))


def test_a_single_yes_leaves_no_trace(day: Journal) -> None:
    """The same day without the single yeses is the same for everybody else."""
    single = Oracle(day).judge().single_yeses
    assert len(single) >= 3
    assert differences(day, simulate(replace(SHORT, unsaid=frozenset(single))), single) == []


def test_a_trace_is_found(day: Journal) -> None:
    """A message to the partner that names the person is one, in either way of looking."""
    (person, partner), *_ = sorted(Oracle(day).judge().single_yeses, key=str)
    message = replace(day.sent[0], person=partner, key=f"<@{person.user}> said yes")
    assert isinstance(message, Sent)
    leaky = replace(day, sent=[*day.sent, message])
    assert Oracle(leaky).judge().count("traces of a single yes") == 1
    assert len(differences(day, leaky, [(person, partner)])) == 1


def test_each_part_is_needed() -> None:
    """Without it, its figure is not zero."""
    parts = Parts(pauses=False, quiet_hours=False)
    verdict = Oracle(simulate(replace(SHORT, parts=parts))).judge()
    assert {"minutes without a reaction", "notices in quiet hours"} <= verdict.wrong.keys()
