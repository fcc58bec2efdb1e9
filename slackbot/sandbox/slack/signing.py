"""Slack's request signature, valid and invalid."""

import hashlib
import hmac
import time


def signed(body: str, secret: str, *, at: float | None = None) -> dict[str, str]:
    """Return both signature headers for a body, signed at `at` (Unix seconds, default now)."""
    timestamp = str(int(time.time() if at is None else at))
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256)
    return {
        "x-slack-request-timestamp": timestamp,
        "x-slack-signature": f"v0={digest.hexdigest()}",
    }


def wrongly_signed(body: str) -> dict[str, str]:
    """Return well-formed headers that were signed with another secret."""
    return signed(body, "0" * 32)


def stale_signed(body: str, secret: str, *, seconds: float = 6 * 60) -> dict[str, str]:
    """Return valid headers that are `seconds` old; negative is the future."""
    return signed(body, secret, at=time.time() - seconds)
