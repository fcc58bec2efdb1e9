"""Addresses of visitors, and the proxies that may name them."""

from __future__ import annotations

import pytest

from slackbot.domain.addresses import TrustedProxies, is_private, network_of


@pytest.mark.parametrize(
    ("address", "trusted"),
    [
        ("10.1.2.3", True),
        ("10.2.0.1", False),
        ("192.0.2.7", True),
        ("192.0.2.8", False),
        ("2001:db8::1", True),
        ("2001:db8:1::1", False),
        ("proxy.example", False),
        ("", False),
    ],
)
def test_addresses_and_networks_are_trusted(address: str, trusted: bool) -> None:
    """An address counts if it is one of them, or within one of the networks."""
    proxies = TrustedProxies.of(["10.1.0.0/16", "192.0.2.7", "2001:db8::/48"])
    assert (address in proxies) is trusted


@pytest.mark.parametrize("part", ["*", "proxy", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.1:80", ""])
def test_anything_else_is_no_proxy(part: str) -> None:
    """A name, a wildcard or a network with host bits set is refused with an example."""
    with pytest.raises(ValueError, match=r"such as 10\.0\.0\.5"):
        TrustedProxies.of(["127.0.0.1", part])


def test_loopback_is_this_machine() -> None:
    """Only proxies elsewhere make a difference to `only_loopback`."""
    assert TrustedProxies.of(["127.0.0.1", "::1"]).only_loopback
    assert TrustedProxies.of([]).only_loopback
    assert not TrustedProxies.of(["127.0.0.1", "10.0.0.1"]).only_loopback


def test_a_visitor_is_a_network() -> None:
    """An IPv6 host has 2^64 addresses of its own, an IPv4 one has one."""
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1:2:3") == "2001:db8::"
    assert network_of("2001:db8:0:1::1") != network_of("2001:db8::1")
    assert network_of("192.0.2.1") != network_of("192.0.2.2")
    assert network_of("::ffff:192.0.2.1") != network_of("::ffff:192.0.2.2")
    assert network_of("") == ""


def test_private_addresses() -> None:
    """An address of the internet, or none, is not private."""
    assert is_private("172.18.0.1")
    assert is_private("fd00::1")
    assert not is_private("8.8.8.8")
    assert not is_private("nonsense")
