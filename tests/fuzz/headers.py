"""Requests that Slack did not sign: all are refused before their body is read."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from urllib.parse import urlencode

from tests.fuzz.result import Result
from tests.fuzz.target import FORM, Headers, Target, signature

STAMP, SIGNATURE = b"x-slack-request-timestamp", b"x-slack-signature"
LIMIT = 1_000_000  # bytes of a body
METHODS = ("GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "post", "\u00e9", "")
BODY = urlencode(
    {
        "command": "/networking",
        "text": "disconnect",
        "team_id": "T0DEMO",
        "user_id": "U0ADA",
        "response_url": "http://127.0.0.1:1/",
        "trigger_id": "1.2.3",
    }
).encode()
# Method, body, headers, and the expected statuses.
Forged = tuple[str, bytes, Headers, set[int]]


def unsigned(rng: random.Random, _: str) -> Forged:
    """Leave out one or both headers."""
    kept = rng.choice([[], [(STAMP, _now(rng))], [(SIGNATURE, _hex(rng))]])
    return "POST", BODY, kept, {401}


def wrongly_signed(rng: random.Random, secret: str) -> Forged:
    """Sign with another secret or for another body, or change one character."""
    good = dict(signature(BODY, secret))
    other = dict(signature(BODY, f"{rng.getrandbits(128):032x}"))
    flipped = bytearray(good[SIGNATURE])
    index = rng.randrange(3, len(flipped))
    flipped[index] = ord(rng.choice(sorted({*"0123456789abcdef"} - {chr(flipped[index])})))
    made = rng.choice(
        [
            (BODY, other[SIGNATURE], good[STAMP]),
            (BODY, bytes(flipped), good[STAMP]),
            (BODY + b"&", good[SIGNATURE], good[STAMP]),
            (BODY[:-1], good[SIGNATURE], good[STAMP]),
            (BODY, good[SIGNATURE], str(int(good[STAMP]) - rng.randint(1, 200)).encode()),
        ]
    )
    return "POST", made[0], [(SIGNATURE, made[1]), (STAMP, made[2])], {401}


def stale(rng: random.Random, secret: str) -> Forged:
    """Sign correctly, but more than five minutes ago or ahead."""
    away = rng.choice([-1, 1]) * rng.choice([302, 360, 3600, 86_400, 10**9])
    return "POST", BODY, signature(BODY, secret, at=max(0, time.time() + away)), {401}


def malformed(rng: random.Random, secret: str) -> Forged:
    """Send malformed headers, non-ASCII and very long ones among them."""
    good = dict(signature(BODY, secret))
    stamp = rng.choice(
        [b"", b"abc", b"1.5", b"-1", b"+5", b"0x10", b"1e9", b" ", b"\xff", "\u0661\u0662".encode()]
        + [good[STAMP] + junk for junk in (b" ", b"\n", b"\0", b".0", b"_0", b"0" * 5000)]
    )
    right = good[SIGNATURE]
    value = rng.choice(
        [
            *(b"", b"v0", b"v0=", b"v0=" * 9999, b"\xe9" * 67, b"v0=" + rng.randbytes(64)),
            *(b"v1" + right[2:], right[3:], right.upper(), right + b"0", right[:-1]),
        ]
    )
    made = rng.choice(
        [
            [(STAMP, stamp), (SIGNATURE, good[SIGNATURE])],
            [(STAMP, good[STAMP]), (SIGNATURE, value)],
            [(STAMP, stamp), (SIGNATURE, value)],
        ]
    )
    return "POST", BODY, made, {401}


def doubled(rng: random.Random, secret: str) -> Forged:
    """Send a header twice: neither may decide."""
    good = list(signature(BODY, secret))
    header = rng.choice(good)
    name = rng.choice([header[0], header[0].title(), header[0].upper()])
    value = rng.choice([header[1], b"", b"1", _hex(rng)])
    made = [*good, (name, value)]
    rng.shuffle(made)
    return "POST", BODY, made, {401}


def huge(rng: random.Random, secret: str) -> Forged:
    """Send more than a megabyte, signed or not, which is not read to the end."""
    body = BODY.ljust(LIMIT + rng.choice([1, 2, 70_000]), b"&")
    if rng.random() < 0.5:
        return "POST", body, signature(body, secret), {413}
    return "POST", body, [(STAMP, _now(rng)), (SIGNATURE, _hex(rng))], {413}


def other_methods(rng: random.Random, secret: str) -> Forged:
    """Sign correctly, but do not POST."""
    return rng.choice(METHODS), BODY, signature(BODY, secret), {405}


KINDS: tuple[tuple[Callable[[random.Random, str], Forged], float], ...] = (
    (unsigned, 1),
    (wrongly_signed, 3),
    (stale, 2),
    (malformed, 4),
    (doubled, 2),
    (huge, 0.1),
    (other_methods, 1),
)


def _now(rng: random.Random) -> bytes:
    return str(int(time.time()) + rng.randint(-200, 200)).encode()


def _hex(rng: random.Random) -> bytes:
    return f"v0={rng.getrandbits(256):064x}".encode()


async def bad_headers(target: Target, tries: int, seed: int) -> Result:
    """Send them; each is answered 401, 405 or 413, without any change or outgoing call."""
    rng, result = random.Random(seed), Result("bad headers")
    makers, weights = zip(*KINDS, strict=True)
    before = target.state()
    target.clear_records()
    target.log_errors()
    for maker in rng.choices(makers, weights, k=tries):
        method, body, headers, expected = maker(rng, target.slack.signing_secret)
        result.tried += 1
        try:
            status, said = await target.send(
                body, [*headers, (b"content-type", FORM.encode())], method
            )
        except Exception as error:  # noqa: BLE001 - a finding
            result.record("unhandled", f"{maker.__name__}: {error!r}")
            continue
        result.answers[str(status)] += 1
        if status not in expected or said:
            result.record("wrong", f"{maker.__name__}: {status} {list(headers)}")
    await target.wait_until_idle()
    for line in target.log.getvalue().splitlines():
        if '"requests_refused"' not in line:  # logged once a minute by design
            result.record("unhandled", line)
    if target.state() != before or target.slack.calls or target.platform.calls:
        result.record("changed", "rows or calls")
    return result
