"""Delays double up to the cap, and jitter only shortens them."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from slackbot.aio.backoff import ExponentialBackoff

SECONDS = st.floats(0.001, 1e6)
FAILURES = st.integers(0, 10_000)


@given(base=SECONDS, cap=SECONDS, failures=FAILURES)
def test_delays_double_up_to_the_cap(base: float, cap: float, failures: int):
    """The first delay is the base, each next one twice that, and none is longer than the cap."""
    backoff = ExponentialBackoff(base, cap)
    assert backoff.delay(0) == backoff.delay(1) == min(base, cap)
    assert backoff.delay(failures + 1) in {cap, 2 * backoff.delay(failures or 1), min(base, cap)}
    assert backoff.delay(failures) <= backoff.delay(failures + 1) <= cap


@given(base=SECONDS, cap=SECONDS, failures=FAILURES, seed=st.integers())
def test_jitter_only_shortens(base: float, cap: float, failures: int, seed: int):
    """A delay with jitter lies between 0 and the same delay without."""
    jittered = ExponentialBackoff(base, cap, jitter=random.Random(seed))
    assert 0 <= jittered.delay(failures) <= ExponentialBackoff(base, cap).delay(failures)
