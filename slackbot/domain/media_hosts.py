"""The hosts that a browser may connect to with a person's credential for a call.

The browser sends the credential to the addresses that come with it, so addresses of other hosts
are removed. If the signaling address has another host, there is no call. Browsers read
addresses less strictly than Python does: anything that is not clearly an address of an allowed host
counts as another host's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from slackbot.domain.model import Call

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost"})
_NAME: Final = re.compile(r"(?:\*\.)?[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*")
_ADDRESS: Final = re.compile(
    r"(?:(?P<scheme>https?|wss?)://)?(?P<host>[A-Za-z0-9.-]{1,253})(?::(?P<port>[0-9]{1,5}))?"
    r"(?:[/?][!-\[\]-~]*)?"  # visible ASCII without the backslash: browsers read it as a slash
)
_SECURE: Final = frozenset({"https", "wss"})
_SIGNALING: Final = "signalingurl"
_TELEMETRY: Final = "eventingestionurl"


@dataclass(frozen=True, slots=True)
class MediaHosts:
    """The allowed hosts: names, or `*.` and a name for all of its subdomains."""

    names: tuple[str, ...]

    @classmethod
    def of(cls, names: Iterable[str]) -> MediaHosts:
        """Create the list from names.

        Raises:
            ValueError: The list is empty, or holds something that is not a host name.
        """
        listed = tuple(name.lower() for name in names)
        if not listed or not all(_NAME.fullmatch(name) for name in listed):
            raise ValueError("is not a list of hosts such as *.chime.aws")
        return cls(listed)

    @property
    def sources(self) -> str:
        """The hosts as sources of a Content-Security-Policy."""
        return " ".join(
            f"http://{name}:* ws://{name}:*" if name in LOOPBACK else f"https://{name} wss://{name}"
            for name in self.names
        )

    def cleaned(self, call: Call) -> Call | None:
        """Return the call without telemetry addresses and addresses of other hosts.

        Returns None for a call that cannot be joined: it has no signaling address, or one of
        another host.
        """
        signaling = [str(v) for key, v in _leaves(call.meeting) if _plain_key(key) == _SIGNALING]
        if not signaling or not all(
            value.startswith(("wss://", "ws://")) and self.allows(value) for value in signaling
        ):
            return None
        return Call(self._without_others(call.meeting), self._without_others(call.attendee))

    def allows(self, address: str) -> bool:
        """Return whether this is an address of an allowed host, with or without its scheme.

        Only the loopback hosts, if listed, may be addressed without TLS.
        """
        found = _ADDRESS.fullmatch(address)
        if found is None:
            return False
        host, scheme = found["host"].lower(), found["scheme"]
        if host in LOOPBACK:
            return host in self.names
        # The browser's policy names no port, so an address with a scheme must use the default.
        default_port = scheme is None or (scheme in _SECURE and found["port"] in {None, "443"})
        return default_port and any(
            host.endswith(name[1:]) if name.startswith("*.") else host == name
            for name in self.names
        )

    def _without_others(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {
                key: self._without_others(inner)
                for key, inner in value.items()
                if self._may_stay(_plain_key(key), inner)
            }
        if isinstance(value, list):
            return [self._without_others(item) for item in value if self._may_stay("", item)]
        return value

    def _may_stay(self, key: str, value: object) -> bool:
        is_address = key.endswith("url") or (isinstance(value, str) and "://" in value)
        if is_address and not key.endswith("id"):
            return key != _TELEMETRY and isinstance(value, str) and self.allows(value)
        return True


def _plain_key(key: object) -> str:
    """Return a key as the Chime library compares it: without case and punctuation."""
    return re.sub(r"[\W_]", "", str(key)).lower()


def _leaves(value: Any) -> Iterator[tuple[object, Any]]:
    """Yield every key with its value, at any depth."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield key, inner
            yield from _leaves(inner)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
