"""Check that the platform's API responds and accepts an attendee's token."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Final
from urllib.parse import quote

import aiohttp
import httpx
from pydantic import SecretStr

from slackbot.accelevents.client import AcceleventsClient, PlatformOptions
from slackbot.accelevents.errors import Endpoint, error_for, parse_error_body
from slackbot.accelevents.http import new_client
from slackbot.aio.reachability import connection_problem, host_finding
from slackbot.domain.errors import EventNotFound, PlatformError, TokenRefused
from slackbot.domain.findings import Finding, Subject
from slackbot.domain.model import AuthScheme, EventSlug
from slackbot.domain.ports import Clock

LONGEST_ANSWER: Final = 65_536  # maximum bytes to read of a response
# The hint for operators if a request without a token was rejected.
TRY_WITH_TOKEN: Final = "look again with a token: slackbot doctor --as-attendee --event SLUG"  # noqa: S105 - a sentence
_ANY_EVENT: Final = EventSlug("slackbot-doctor")  # used if no event is configured


async def check_platform(options: PlatformOptions, event: EventSlug | None) -> list[Finding]:
    """Request an event's sessions without a token. Any response of the API is sufficient."""
    slug = quote(event or _ANY_EVENT, safe="")
    url = f"{options.api_url.rstrip('/')}/rest/events/{slug}/session/v2"
    try:
        async with (
            new_client(options.proxies) as client,
            client.stream("GET", url) as response,
        ):
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > LONGEST_ANSWER:
                    break
            return [_read_answer(response.status_code, bytes(body), event)]
    except (
        httpx.HTTPError,
        httpx.InvalidURL,
        aiohttp.ClientError,
        OSError,
        UnicodeError,
    ) as error:
        return [host_finding(Subject.PLATFORM, connection_problem(error))]


def _read_answer(status: int, body: bytes, event: EventSlug | None) -> Finding:
    facts = {"status": str(status), "event": event or _ANY_EVENT}
    if status == 401 or isinstance(error_for(Endpoint.SESSIONS, status, body), TokenRefused):
        message = "reachable; it asks for a token, as it should"
        return Subject.PLATFORM.ok("platform_asks_for_token", message, **facts)
    if (problem := _host_problem(status, body)) is not None:
        return host_finding(Subject.PLATFORM, problem, **facts)
    if status == 403:
        message = "reachable, but it forbids ({status})"
        return Subject.PLATFORM.warning("platform_forbids", message, TRY_WITH_TOKEN, **facts)
    if status >= 300:
        answer = parse_error_body(body)
        if 4040200 not in answer.codes and "event not found" not in answer.message:
            message = "it answers {status} where the sessions should be"
            hint = "check that ACCELEVENTS_API_URL is the API's base"
            return Subject.PLATFORM.warning("path_unknown", message, hint, **facts)
        if event is not None:
            return _event_unknown(Subject.PLATFORM, **facts)
    return Subject.PLATFORM.ok("platform_answers", "the API answers", **facts)


def _host_problem(status: int, body: bytes) -> str | None:
    if 300 <= status < 400:
        return "redirects"
    if status == 429:
        return "rate_limited"
    if status >= 500:
        return "server_failed"
    # A truncated response cannot be parsed, so only its first character is checked.
    is_json = len(body) > LONGEST_ANSWER and body.lstrip().startswith((b"{", b"["))
    if len(body) <= LONGEST_ANSWER:
        with suppress(ValueError, RecursionError):
            json.loads(body)
            is_json = True
    return None if status == 403 or is_json else "web_page"


def _event_unknown(subject: Subject, **facts: str) -> Finding:
    message, hint = "it does not know the event {event}", "check the event's slug"
    return subject.failure("event_unknown", message, hint, **facts)


async def check_token(
    options: PlatformOptions, clock: Clock, event: EventSlug, token: SecretStr
) -> tuple[Finding, AuthScheme | None]:
    """Request the event's sessions with a token, and return the finding and the working scheme."""
    client = AcceleventsClient(options, clock)
    try:
        scheme = await client.check(event, token)
    except TokenRefused:
        message = "refused for {event}"
        hint = "take a fresh one; if it is fresh, check ACCELEVENTS_AUTH_SCHEME"
        return Subject.TOKEN.failure("token_refused", message, hint, event=event), None
    except EventNotFound:
        return _event_unknown(Subject.TOKEN, event=event), None
    except PlatformError as error:
        message, hint = "could not be tried ({error})", "see the line above on accelevents"
        return Subject.TOKEN.failure("token_untried", message, hint, error=error.code), None
    finally:
        await client.aclose()
    message = "accepted for {event}, sent {scheme}"
    return Subject.TOKEN.ok("token_accepted", message, event=event, scheme=scheme.value), scheme
