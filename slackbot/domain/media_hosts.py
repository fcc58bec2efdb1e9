"""Which hosts a browser may be sent to with a person's pass to a call.

A pass is sent to whatever address stands beside it, so addresses of other hosts are taken out,
and where the one that matters most is of another host, there is no call. Browsers read addresses
less strictly than Python does; what is not plainly an address counts as one of another host.
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
    r"(?:[/?][!-\[\]-~]*)?"  # visible ASCII but the backslash, which browsers take for a slash
)
_SECURE: Final = frozenset({"https", "wss"})
_SIGNALING: Final = "signalingurl"
_TELEMETRY: Final = "eventingestionurl"


@dataclass(frozen=True, slots=True)
class MediaHosts:
    """The allowed hosts: names, or `*.` and a name for all hosts below it."""

    names: tuple[str, ...]

    @classmethod
    def of(cls, names: Iterable[str]) -> MediaHosts:
        """Read a list of names.

        Raises:
            ValueError: one is none, or there are none.
        """
        listed = tuple(name.lower() for name in names)
        if not listed or not all(_NAME.fullmatch(name) for name in listed):
            raise ValueError("is not a list of hosts such as *.chime.aws")
        return cls(listed)

    @property
    def sources(self) -> str:
        """The same for a browser, as sources of a Content-Security-Policy."""
        return " ".join(
            f"http://{name}:* ws://{name}:*" if name in LOOPBACK else f"https://{name} wss://{name}"
            for name in self.names
        )

    def cleaned(self, call: Call) -> Call | None:
        """The call without addresses of other hosts and of telemetry.

        None when it has no address to join at, or one of another host: there is no call then.
        """
        signaling = [value for key, value in _leaves(call.meeting) if _plain(key) == _SIGNALING]
        if not signaling or not all(self._is_signaling(value) for value in signaling):
            return None
        return Call(self._without_others(call.meeting), self._without_others(call.attendee))

    def _is_signaling(self, value: object) -> bool:
        schemes = ("wss://", "ws://")
        return isinstance(value, str) and value.startswith(schemes) and self.allows(value)

    def allows(self, address: str) -> bool:
        """Whether it is an address, with or without its scheme, of an allowed host.

        Only to this machine, and only where it is listed, may it be without TLS.
        """
        found = _ADDRESS.fullmatch(address)
        if found is None:
            return False
        host, scheme = found["host"].lower(), found["scheme"]
        if host in LOOPBACK:
            return host in self.names
        # The browser's policy names no port, so with a scheme it is the usual one.
        usual = scheme is None or (scheme in _SECURE and found["port"] in {None, "443"})
        return usual and any(_is_below(host, name) for name in self.names)

    def _without_others(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {
                key: self._without_others(inner)
                for key, inner in value.items()
                if self._may_stay(_plain(key), inner)
            }
        if isinstance(value, list):
            return [self._without_others(item) for item in value if self._may_stay("", item)]
        return value

    def _may_stay(self, key: str, value: object) -> bool:
        if key == _TELEMETRY:
            return False
        is_address = key.endswith("url") or (isinstance(value, str) and "://" in value)
        if is_address and not key.endswith("id"):
            return isinstance(value, str) and self.allows(value)
        return True


def _plain(key: object) -> str:
    """A key as the call's own library reads it, which is without regard to case."""
    return re.sub(r"[\W_]", "", str(key)).lower()


def _is_below(host: str, name: str) -> bool:
    return host.endswith(name[1:]) if name.startswith("*.") else host == name


def _leaves(value: Any) -> Iterator[tuple[object, Any]]:
    """Every key with its value, however deep."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield key, inner
            yield from _leaves(inner)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
