"""Token buckets: no more than the burst and the rate, and no longer wait than needed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from slackbot.aio.rate_limit import TokenBucket

TOLERANCE = 1e-3  # tokens, for rounding errors


@given(
    capacity=st.integers(1, 100),
    per_second=st.floats(0.01, 100),
    pauses=st.lists(st.floats(0, 1000), max_size=50),
)
def test_no_more_than_the_burst_and_the_rate(capacity: int, per_second: float, pauses: list[float]):
    """In any period, at most the burst and the tokens added in the period are taken."""
    time = taken = 0.0
    bucket = TokenBucket(capacity, per_second, now=lambda: time)
    for pause in pauses:
        while bucket.wait() == 0:
            bucket.take()
            taken += 1
        assert taken <= capacity + time * per_second + TOLERANCE
        time += pause


@given(
    capacity=st.integers(1, 100),
    per_second=st.floats(0.01, 100),
    took=st.integers(0, 200),
    wants=st.integers(1, 100),
)
def test_the_wait_is_enough(capacity: int, per_second: float, took: int, wants: int):
    """The bucket holds the tokens after the returned wait, and not before."""
    time = 0.0
    bucket = TokenBucket(capacity, per_second, now=lambda: time)
    bucket.take(took)
    wants = min(wants, capacity)
    wait = bucket.wait(wants)
    assert (wait == 0) == (capacity - took >= wants)
    time = 0.9 * wait
    assert (bucket.wait(wants) == 0) == (wait == 0)
    time = wait
    assert bucket.wait(wants) == 0
