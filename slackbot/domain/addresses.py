"""IP addresses of visitors and of trusted proxies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """The networks of proxies whose `X-Forwarded-For` header is trusted."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def of(cls, parts: Iterable[str]) -> TrustedProxies:
        """Parse IP addresses and networks.

        Raises:
            ValueError: A part is not an address or a network, or it has host bits set.
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
        """Return True if only proxies on this machine are trusted."""
        return all(network.is_loopback for network in self.networks)


def network_of(address: str) -> str:
    """Return the visitor's IPv4 address, or the /64 network of their IPv6 address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(IPv6Address(int(parsed) >> 64 << 64))
    return address


def is_private(address: str) -> bool:
    """Return True if the address is not reachable from the public internet."""
    try:
        return ip_address(address).is_private
    except ValueError:
        return False
