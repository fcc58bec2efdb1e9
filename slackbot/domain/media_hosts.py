"""The hosts that a browser may connect to with a person's credentials for a call.

The call details contain the addresses to which the browser sends the credentials, so addresses of
hosts that are not allowed are removed. If the host of the signaling address is not allowed, the
call cannot be joined. Browsers parse addresses less strictly than Python does, so anything that is
not clearly an address of an allowed host is rejected.
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
    r"(?:[/?][!-\[\]-~]*)?"  # printable ASCII except the backslash, which browsers treat as /
)
_SECURE: Final = frozenset({"https", "wss"})
_SIGNALING: Final = "signalingurl"
_TELEMETRY: Final = "eventingestionurl"


@dataclass(frozen=True, slots=True)
class MediaHosts:
    """The allowed hosts. A name that begins with `*.` allows all subdomains."""

    names: tuple[str, ...]

    @classmethod
    def of(cls, names: Iterable[str]) -> MediaHosts:
        """Create an instance from host names.

        Raises:
            ValueError: The list is empty or contains an invalid host name.
        """
        listed = tuple(name.lower() for name in names)
        if not listed or not all(_NAME.fullmatch(name) for name in listed):
            raise ValueError("is not a list of hosts such as *.chime.aws")
        return cls(listed)

    @property
    def sources(self) -> str:
        """The hosts as sources for a Content-Security-Policy header."""
        return " ".join(
            f"http://{name}:* ws://{name}:*" if name in LOOPBACK else f"https://{name} wss://{name}"
            for name in self.names
        )

    def cleaned(self, call: Call) -> Call | None:
        """Return the call without telemetry addresses and addresses of hosts that are not allowed.

        Return None if the call cannot be joined because its signaling address is missing or its
        host is not allowed.
        """
        signaling = [str(v) for key, v in _leaves(call.meeting) if _plain_key(key) == _SIGNALING]
        if not signaling or not all(
            value.startswith(("wss://", "ws://")) and self.allows(value) for value in signaling
        ):
            return None
        return Call(self._without_others(call.meeting), self._without_others(call.attendee))

    def allows(self, address: str) -> bool:
        """Return True if this is an address of an allowed host, with or without a scheme.

        Only loopback hosts may be used without TLS, and only if they are listed.
        """
        found = _ADDRESS.fullmatch(address)
        if found is None:
            return False
        host, scheme = found["host"].lower(), found["scheme"]
        if host in LOOPBACK:
            return host in self.names
        # The policy sent to the browser has no port, so a URL must use the default port.
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
    """Return the key in lower case without punctuation, as the Chime library compares it."""
    return re.sub(r"[\W_]", "", str(key)).lower()


def _leaves(value: Any) -> Iterator[tuple[object, Any]]:
    """Yield every key and its value at any depth."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield key, inner
            yield from _leaves(inner)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
