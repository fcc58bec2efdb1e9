"""Looks at everything that the bot needs, all at once, each part by its own layer's eyes."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from pydantic import SecretStr

from slackbot.accelevents.checks import probe_platform, probe_token
from slackbot.accelevents.socket_checks import SocketProbe
from slackbot.bootstrap.adapters import SystemClock, feed_options, platform_options
from slackbot.bootstrap.database import secret_keys
from slackbot.domain.findings import Cause, Finding, Subject
from slackbot.domain.model import AuthScheme, EventSlug
from slackbot.settings import Settings, SettingsError, read_settings
from slackbot.slack.checks import probe_slack
from slackbot.storage.checks import probe_database
from slackbot.storage.encryption import Cipher
from slackbot.web.call.assets import STATIC
from slackbot.web.call.checks import probe_call_page

FILES_BESIDE_FEEDS: Final = 300
"""Open files that are no feeds: calls to Accelevents (200), Slack, Slack's requests, database."""
FEWEST_FEEDS: Final = 100
USUAL_FEEDS: Final = 2_000
_ANY_EVENT: Final = EventSlug("slackbot-doctor")

Check = Coroutine[Any, Any, list[Finding]]


@dataclass(frozen=True, slots=True)
class AsAttendee:
    """Whose token is tried as well, and on which event."""

    event: EventSlug
    token: SecretStr = field(repr=False)


async def examine(attendee: AsAttendee | None, seconds: float) -> AsyncIterator[Finding]:
    """All findings, in a fixed order; each check ends after so many seconds at the latest."""
    try:
        settings = read_settings()
    except SettingsError as error:
        for finding in [*_unusable(Subject.SETTINGS, error), open_files()]:
            yield finding
        yield Finding(Subject.SETTINGS, Cause.NOT_EXAMINED)
        return
    cipher, keys = _keys(settings)
    calls = probe_call_page(settings.public_url, STATIC)
    for finding in [Finding(Subject.SETTINGS, Cause.SETTINGS_READ), *keys, open_files(), calls]:
        yield finding
    checks = [asyncio.create_task(check) for check in _checks(settings, cipher, attendee, seconds)]
    try:
        for check in checks:
            for finding in await check:
                yield finding
    finally:
        for check in checks:
            check.cancel()
        await asyncio.gather(*checks, return_exceptions=True)


def _checks(
    settings: Settings, cipher: Cipher | None, attendee: AsAttendee | None, seconds: float
) -> list[Check]:
    """What reaches out of the process."""
    url, token = settings.slack_api_url, settings.slack_bot_token.get_secret_value()
    checks = [
        bounded(Subject.DATABASE, probe_database(settings.database, cipher), seconds),
        bounded(Subject.SLACK, probe_slack(url, token), seconds),
        bounded(Subject.PLATFORM, _platform(settings), seconds),
    ]
    if attendee is None:
        return [*checks, _socket(settings, None, None, seconds)]
    return [*checks, _as_attendee(settings, attendee, seconds)]


async def _platform(settings: Settings) -> list[Finding]:
    event = EventSlug(settings.accelevents_event) if settings.accelevents_event else _ANY_EVENT
    finding = await probe_platform(settings.accelevents_api_url, event)
    if event == _ANY_EVENT and finding.cause is Cause.EVENT_UNKNOWN:
        return [Finding(Subject.PLATFORM, Cause.PLATFORM_ANSWERS, finding.facts)]
    return [finding]


async def _as_attendee(settings: Settings, who: AsAttendee, seconds: float) -> list[Finding]:
    """The token by one call, and then the socket with it."""
    scheme: AuthScheme | None = None

    async def try_token() -> list[Finding]:
        nonlocal scheme
        options = platform_options(settings)
        finding, scheme = await probe_token(options, SystemClock(), who.event, who.token)
        return [finding]

    found = await bounded(Subject.TOKEN, try_token(), seconds)
    return found + await _socket(settings, who.token, scheme, seconds)


async def _socket(
    settings: Settings, token: SecretStr | None, scheme: AuthScheme | None, seconds: float
) -> list[Finding]:
    try:
        probe = SocketProbe(feed_options(settings), token, scheme)
    except SettingsError as error:
        return _unusable(Subject.SOCKET, error)

    async def visit() -> list[Finding]:
        return [await probe.visit()]

    return await bounded(Subject.SOCKET, visit(), seconds, probe.silence)


async def bounded(
    subject: Subject,
    check: Check,
    seconds: float,
    at_silence: Callable[[], Finding] | None = None,
) -> list[Finding]:
    """A check that always ends with a finding: a doctor does not fall ill of what is found."""
    try:
        async with asyncio.timeout(seconds):
            return await check
    except TimeoutError:
        silent = at_silence or partial(Finding, subject, Cause.NO_ANSWER)
        return [silent()]
    except Exception as error:  # noqa: BLE001 whatever it is, the other checks are told
        return [Finding(subject, Cause.CHECK_BROKE, {"kind": type(error).__name__})]


def open_files() -> Finding:
    """The limit that `run` raises itself to, and the feeds it leaves room for."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        return Finding(Subject.FILES, Cause.FILES_ENOUGH, {"limit": "none", "feeds": "any"})
    feeds = max(hard - FILES_BESIDE_FEEDS, 0)
    told = {"limit": f"{hard:,}", "feeds": f"{feeds:,}"}
    if feeds < FEWEST_FEEDS:
        return Finding(Subject.FILES, Cause.FILES_TOO_FEW, told)
    cause = Cause.FILES_FEW if feeds < USUAL_FEEDS else Cause.FILES_ENOUGH
    return Finding(Subject.FILES, cause, told)


def _keys(settings: Settings) -> tuple[Cipher | None, list[Finding]]:
    try:
        keys = secret_keys(settings)
    except SettingsError as error:
        return None, _unusable(Subject.KEYS, error)
    told = {"count": str(len(keys))}
    return Cipher(keys), [Finding(Subject.KEYS, Cause.KEYS_FIT, told)]


def _unusable(subject: Subject, error: SettingsError) -> list[Finding]:
    """A finding for each line, with what the variable is for."""
    found = []
    for line in error.args:
        name, _, why = line.partition(": ")
        setting = Settings.model_fields.get(name.lower())
        meaning = (setting.description if setting else None) or "a file of settings, NAME=value"
        facts = {"variable": name, "why": why, "meaning": meaning}
        if name == "SLACKBOT_SECRET_KEYS":
            found.append(Finding(Subject.KEYS, Cause.KEY_UNUSABLE, facts))
        else:
            found.append(Finding(subject, Cause.SETTING_UNUSABLE, facts))
    return found
