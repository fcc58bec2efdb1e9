"""Rate limits per link and per address."""

from __future__ import annotations

from slackbot.web.call.limits import RateLimiter
from tests.harness.calls import PUBLIC, CallStage


class Seconds:
    """A clock that the test advances."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_empties_and_fills():
    """A burst at once, then as many as were refilled; `wait` gives the seconds to the next."""
    clock = Seconds()
    limiter = RateLimiter(burst=3, per_second=0.5, now=clock)
    assert [limiter.wait("a") for _ in range(4)] == [0, 0, 0, 2]
    assert limiter.wait("b") == 0
    clock.now += 1
    assert limiter.wait("a") == 1
    clock.now += 1
    assert [limiter.wait("a"), limiter.wait("a")] == [0, 2]
    clock.now += 1_000
    assert [limiter.wait("a") for _ in range(4)] == [0, 0, 0, 2]


def test_memory_is_bounded():
    """Only the keys used last are kept."""
    limiter = RateLimiter(burst=1, per_second=1e-9, capacity=100, now=Seconds())
    for number in range(10_000):
        assert limiter.wait(str(number)) == 0
    assert len(limiter._buckets) == 100
    assert limiter.wait("9999") > 0


def test_the_key_used_longest_ago_is_dropped():
    """A key that is used again stays, however early it came."""
    limiter = RateLimiter(burst=1, per_second=1e-9, capacity=2, now=Seconds())
    for key in ("a", "b", "a", "c"):
        limiter.wait(key)
    assert limiter.wait("a") > 0
    assert limiter.wait("b") == 0


async def test_requests_per_link_are_limited(stage: CallStage):
    """After 20 it is 429 with the seconds to wait, from any address; other links work."""
    link, other = await stage.offered(), await stage.offered()
    answers = [await stage.asks(link, stage.browser(f"192.0.2.{n}")) for n in range(25)]
    assert [a.status_code for a in answers] == [200] + [409] * 19 + [429] * 5
    assert answers[-1].json() == {"error": "busy"}
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 2
    assert (await stage.asks(other)).status_code == 200


async def test_requests_per_address_are_limited(stage: CallStage):
    """Guessing links is stopped, a whole company behind one address is not."""
    browser = stage.browser("2001:db8::1")
    statuses = [(await stage.asks(f"{PUBLIC}/call/{n}", browser)).status_code for n in range(1_000)]
    assert statuses[:300] == [404] * 300
    assert statuses.count(429) > 100
    link = await stage.offered()
    assert (await stage.asks(link, stage.browser("2001:db8:1::1"))).status_code == 200
