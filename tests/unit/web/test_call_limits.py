"""How often a link and an address may ask."""

from __future__ import annotations

from slackbot.web.call.limits import Buckets, network_of
from tests.harness.calls import PUBLIC, CallStage


class Seconds:
    """A clock that is moved by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_empties_and_fills():
    """So many at once, then as many as came in since, and it says how long to wait."""
    clock = Seconds()
    buckets = Buckets(burst=3, per_second=0.5, clock=clock)
    assert [buckets.wait("a") for _ in range(4)] == [0, 0, 0, 2]
    assert buckets.wait("b") == 0
    clock.now += 1
    assert buckets.wait("a") == 1
    clock.now += 1
    assert [buckets.wait("a"), buckets.wait("a")] == [0, 2]
    clock.now += 1_000
    assert [buckets.wait("a") for _ in range(4)] == [0, 0, 0, 2]


def test_no_number_of_keys_fills_the_memory():
    """Of many keys those used last are remembered."""
    buckets = Buckets(burst=1, per_second=1e-9, kept=100, clock=Seconds())
    for number in range(10_000):
        assert buckets.wait(str(number)) == 0
    assert len(buckets._buckets) == 100
    assert buckets.wait("9999") > 0


def test_one_visitor_is_one_network():
    """An IPv6 host has 2^64 addresses of its own, an IPv4 one has one."""
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1:2:3") == "2001:db8::"
    assert network_of("2001:db8:0:1::1") != network_of("2001:db8::1")
    assert network_of("192.0.2.1") != network_of("192.0.2.2")
    assert network_of("::ffff:192.0.2.1") != network_of("::ffff:192.0.2.2")
    assert network_of("") == ""


async def test_a_link_is_not_asked_for_without_end(stage: CallStage):
    """After 20 times it is 429 with the seconds to wait, from whatever address; others go on."""
    link, other = await stage.offered(), await stage.offered()
    answers = [await stage.asks(link, stage.browser(f"192.0.2.{n}")) for n in range(25)]
    assert [a.status_code for a in answers] == [200] + [409] * 19 + [429] * 5
    assert answers[-1].json() == {"error": "busy"}
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 2
    assert (await stage.asks(other)).status_code == 200


async def test_an_address_does_not_ask_without_end(stage: CallStage):
    """Whoever tries links is stopped whatever they are; a whole company is not."""
    browser = stage.browser("2001:db8::1")
    statuses = [(await stage.asks(f"{PUBLIC}/call/{n}", browser)).status_code for n in range(1_000)]
    assert statuses[:300] == [404] * 300
    assert statuses.count(429) > 100
    link = await stage.offered()
    assert (await stage.asks(link, stage.browser("2001:db8:1::1"))).status_code == 200
