"""Addresses of visitors, and of the proxies that are trusted to name them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """The networks of proxies whose `X-Forwarded-For` is believed."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def of(cls, parts: Iterable[str]) -> TrustedProxies:
        """Parse addresses and networks.

        Raises:
            ValueError: A part is neither, or is a network with host bits set.
        """
        try:
            return cls(tuple(ip_network(part) for part in parts))
        except ValueError:
            message = "is not a list of addresses and networks such as 10.0.0.5, 10.1.0.0/16"
            raise ValueError(message) from None

    def __contains__(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self.networks)

    @property
    def only_loopback(self) -> bool:
        """Return True if no proxy on another machine is trusted."""
        return all(network.is_loopback for network in self.networks)


def network_of(address: str) -> str:
    """Return the network of one visitor: an IPv4 address, or the /64 around an IPv6 address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(IPv6Address(int(parsed) >> 64 << 64))
    return address


def is_private(address: str) -> bool:
    """Return True for an address that no stranger on the internet has."""
    try:
        return ip_address(address).is_private
    except ValueError:
        return False
