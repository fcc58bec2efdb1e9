"""Check that the proxies are trusted to report the addresses of visitors."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from slackbot.domain.addresses import TrustedProxies
from slackbot.domain.findings import Finding, Subject


def check_trusted_proxies(trusted: tuple[str, ...], host: str, public_url: str) -> Finding:
    """Report on the proxies in front of a bot that listens on `host`.

    The bot does not support TLS, so an https address implies a proxy. If the bot does not listen on
    loopback, the proxy usually runs on another machine.
    """
    proxies = TrustedProxies.of(trusted)
    is_behind_proxy = urlsplit(public_url).scheme == "https"
    if is_behind_proxy and proxies.only_loopback and not _is_loopback(host):
        return Subject.PROXIES.warning(
            "proxy_untrusted",
            "only a proxy on this machine may name visitors; behind another one all count as one",
            "set TRUSTED_PROXIES to the address or network of your proxy, such as 10.0.0.0/8",
        )
    names = ", ".join(trusted) or "no proxy"
    return Subject.PROXIES.ok("proxies_trusted", "{names} may name visitors", names=names)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
