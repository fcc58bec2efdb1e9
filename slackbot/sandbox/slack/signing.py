"""Slack's request signature, right and wrong."""

import hashlib
import hmac
import time


def signed(body: str, secret: str, *, at: float | None = None) -> dict[str, str]:
    """The two signature headers for this body, as of `at` (Unix seconds, default now)."""
    stamp = str(int(time.time() if at is None else at))
    digest = hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256)
    return {
        "x-slack-request-timestamp": stamp,
        "x-slack-signature": f"v0={digest.hexdigest()}",
    }


def wrongly_signed(body: str) -> dict[str, str]:
    """Well-formed headers under a secret that nobody has."""
    return signed(body, "0" * 32)


def stale_signed(body: str, secret: str, *, seconds: float = 6 * 60) -> dict[str, str]:
    """A true signature, `seconds` old (negative: from the future)."""
    return signed(body, secret, at=time.time() - seconds)
