"""Findings about hosts that are unreachable or respond unexpectedly."""

from __future__ import annotations

import socket
import ssl
from typing import Final

import aiohttp

from slackbot.domain.findings import Finding, Subject

# Message and hint for each problem that can affect any host, by finding code.
_PROBLEMS: Final = {
    "host_unknown": ("the host's name is not known", "check {address} and this machine's DNS"),
    "connection_refused": (
        "nothing listens at that host and port (connection refused)",
        "check {address}",
    ),
    "no_answer": (
        "no answer in time",
        "check {address}, and that no firewall swallows the way there",
    ),
    "certificate_untrusted": (
        "its TLS certificate is not trusted",
        "check {address}; a proxy that opens TLS needs its authority in the system's store",
    ),
    "tls_failed": ("TLS fails", "check {address}: does that port speak HTTPS?"),
    "proxy_refuses": (
        "the proxy does not let us through to it",
        "check HTTPS_PROXY, HTTP_PROXY and NO_PROXY, and that the proxy allows this host",
    ),
    "answer_malformed": (
        "its answer is no valid HTTP, or has a header of more than 32 KiB",
        "check {address}, and what stands before it",
    ),
    "line_cut": ("the line was cut before an answer", "check {address}, then try again"),
    "web_page": (
        "what answers there ({status}) is a web page or the like, no API",
        "check {address}",
    ),
    "redirects": (
        "it redirects, which is not followed: tokens go to the configured host alone",
        "set {address} to the address behind the redirect",
    ),
    "server_failed": ("it fails ({status})", "wait and try again; if it stays, ask its owner"),
    "rate_limited": ("it limits our rate at the moment ({status})", "try again in a minute"),
}
# Problems by exception type. If an exception chain contains several, the first entry is used.
_EXCEPTIONS: Final = (
    ((aiohttp.ClientProxyConnectionError, aiohttp.ClientHttpProxyError), "proxy_refuses"),
    # UnicodeError means that the name cannot be encoded for a lookup.
    ((socket.gaierror, UnicodeError), "host_unknown"),
    (ssl.SSLCertVerificationError, "certificate_untrusted"),
    (ssl.SSLError, "tls_failed"),
    (ConnectionRefusedError, "connection_refused"),
    (TimeoutError, "no_answer"),
    (aiohttp.http_exceptions.BadHttpMessage, "answer_malformed"),
)


def host_finding(subject: Subject, problem: str, **facts: str) -> Finding:
    """Return a finding for a problem with the subject's host."""
    message, hint = _PROBLEMS[problem]
    report = subject.warning if problem == "rate_limited" else subject.failure
    return report(problem, message, hint, **facts)


def connection_problem(error: BaseException) -> str:
    """Return the problem behind a client library's error, or `"line_cut"` if it is unknown."""
    chain = [error]  # and its causes, because libraries wrap system errors
    for link in chain:
        inner = [link.__cause__, link.__context__]
        if isinstance(link, BaseExceptionGroup):
            inner += link.exceptions
        chain += [cause for cause in inner if cause is not None and cause not in chain]
    for kind, problem in _EXCEPTIONS:
        if any(isinstance(link, kind) for link in chain):
            return problem
    return "line_cut"
