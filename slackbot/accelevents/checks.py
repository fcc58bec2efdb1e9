"""Looks whether the platform's API is where the settings say, and whether it takes a token."""

from __future__ import annotations

import json
from typing import Final
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from slackbot.accelevents.client import AcceleventsClient, PlatformOptions
from slackbot.accelevents.errors import Endpoint, error_for, parse_error_body
from slackbot.domain.errors import EventNotFound, PlatformError, TokenRefused
from slackbot.domain.findings import Cause, Finding, Subject, why_unreached
from slackbot.domain.model import AuthScheme, EventSlug
from slackbot.domain.ports import Clock

ENOUGH: Final = 65_536
"""Bytes of an answer that are looked at."""
_NO_EVENT: Final = "event not found"
_EVENT_CODE: Final = 4040200
_BY_STATUS: Final = (
    (range(300, 400), Cause.REDIRECTS),
    (range(403, 404), Cause.PLATFORM_FORBIDS),
    (range(429, 430), Cause.RATE_LIMITED),
    (range(500, 600), Cause.SERVER_FAILED),
)


async def probe_platform(api_url: str, event: EventSlug) -> Finding:
    """Ask for the event's sessions without a token, as nobody in particular."""
    url = f"{api_url.rstrip('/')}/rest/events/{quote(event, safe='')}/session/v2"
    try:
        async with (
            httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=None) as client,  # noqa: S113 the caller's time-out holds
            client.stream("GET", url, headers={"Accept": "application/json"}) as response,
        ):
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > ENOUGH:
                    break
            return _reading(response.status_code, bytes(body), event)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
        return Finding(Subject.PLATFORM, why_unreached(error))


def _reading(status: int, body: bytes, event: EventSlug) -> Finding:
    told = {"status": str(status), "event": event}
    return Finding(Subject.PLATFORM, _cause(status, body), told)


def _cause(status: int, body: bytes) -> Cause:
    """What the answer shows of who gave it."""
    if status == 401 or isinstance(error_for(Endpoint.SESSIONS, status, body), TokenRefused):
        return Cause.PLATFORM_ASKS_FOR_TOKEN
    for statuses, cause in _BY_STATUS:
        if status in statuses:
            return cause
    if not _is_json(body):
        return Cause.WEB_PAGE
    if status < 300:
        return Cause.PLATFORM_ANSWERS
    said = parse_error_body(body)
    knows_it_not = _EVENT_CODE in said.codes or _NO_EVENT in said.message
    return Cause.EVENT_UNKNOWN if knows_it_not else Cause.PATH_UNKNOWN


def _is_json(body: bytes) -> bool:
    """Whether it is JSON, as far as it was read."""
    if len(body) > ENOUGH:
        return body.lstrip()[:1] in {b"{", b"["}
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


async def probe_token(
    options: PlatformOptions, clock: Clock, event: EventSlug, token: SecretStr
) -> tuple[Finding, AuthScheme | None]:
    """Try an attendee's token on the event, and how it is to be sent."""
    client = AcceleventsClient(options, clock)
    try:
        scheme = await client.check(event, token)
    except TokenRefused:
        return Finding(Subject.TOKEN, Cause.TOKEN_REFUSED, {"event": event}), None
    except EventNotFound:
        return Finding(Subject.TOKEN, Cause.EVENT_UNKNOWN, {"event": event}), None
    except PlatformError as error:
        return Finding(Subject.TOKEN, Cause.TOKEN_UNTRIED, {"error": error.code}), None
    finally:
        await client.aclose()
    told = {"event": event, "scheme": scheme.value}
    return Finding(Subject.TOKEN, Cause.TOKEN_ACCEPTED, told), scheme
