"""Run the checks of all adapters concurrently, and report findings in a fixed order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from slackbot.accelevents.checks import check_platform, check_token
from slackbot.accelevents.socket_checks import POLL_SECONDS, SocketCheck
from slackbot.aio.reachability import host_finding
from slackbot.bootstrap.adapters import (
    SystemClock,
    feed_options,
    outgoing_proxies,
    platform_options,
)
from slackbot.bootstrap.database import database_folder, secret_keys
from slackbot.doctor.delivery import check_delivery
from slackbot.doctor.machine import check_open_files, check_private_files
from slackbot.domain.findings import Finding, Subject
from slackbot.domain.model import AuthScheme, EventSlug
from slackbot.settings import (
    ENV_FILE,
    Settings,
    SettingsError,
    read_settings,
    split,
    unknown_settings,
)
from slackbot.slack.checks import check_slack
from slackbot.storage.checks import check_database
from slackbot.storage.encryption import Cipher
from slackbot.web.call.assets import STATIC
from slackbot.web.call.checks import check_call_page
from slackbot.web.checks import check_trusted_proxies

Check = Coroutine[Any, Any, list[Finding]]


@dataclass(frozen=True, slots=True)
class Attendee:
    """An attendee's token to check, and the event that it is for."""

    event: EventSlug
    token: SecretStr = field(repr=False)


async def run_checks(attendee: Attendee | None, seconds: float) -> AsyncIterator[Finding]:
    """Yield all findings in a fixed order. Each check may take up to `seconds`."""
    try:
        settings = read_settings()
    except SettingsError as error:
        unusable = _unusable(Subject.SETTINGS, error)
        for finding in [*unusable, *_check_names(), check_open_files(), _not_examined()]:
            yield finding
        return
    for finding in [Subject.SETTINGS.ok("settings_read", "all can be read"), *_check_names()]:
        yield finding
    cipher = None
    try:
        keys = secret_keys(settings)
    except SettingsError as error:
        about_keys = _unusable(Subject.KEYS, error)
    else:
        cipher = Cipher(keys)
        about_keys = [Subject.KEYS.ok("keys_fit", "{count} can be used", count=str(len(keys)))]
    for finding in [*about_keys, *_check_machine(settings)]:
        yield finding
    remote = _remote_checks(settings, cipher, attendee, seconds)
    checks = [asyncio.create_task(check) for check in remote]
    try:
        for check in checks:
            for finding in await check:
                yield finding
    finally:
        for check in checks:
            check.cancel()
        await asyncio.gather(*checks, return_exceptions=True)


def _not_examined() -> Finding:
    """Return the finding that ends the checks if the settings cannot be used."""
    hint = "put the settings right, then look again"
    if not Path(ENV_FILE).exists():
        hint = f"there is no {ENV_FILE} in {Path.cwd()}: slackbot init writes one"
    return Subject.SETTINGS.warning("not_examined", "the rest was not looked at", hint)


def _check_names() -> Iterator[Finding]:
    """Yield a warning for each variable that is probably misspelt."""
    for unknown in unknown_settings():
        hint = "rename it to {nearest}" if unknown.nearest else "remove it, or see docs/settings.md"
        facts = {"variable": unknown.name, "nearest": unknown.nearest}
        yield Subject.SETTINGS.warning("setting_unknown", "{variable} is no setting", hint, **facts)


def _check_machine(settings: Settings) -> Iterator[Finding]:
    """Yield the findings of checks that do not connect to another host."""
    yield check_open_files()
    yield from check_private_files(Path(ENV_FILE), database_folder(settings))
    yield check_call_page(settings.public_url, STATIC)
    yield check_trusted_proxies(split(settings.trusted_proxies), settings.host, settings.public_url)
    if names := outgoing_proxies(settings).names:
        message = "requests to Slack and Accelevents go through {names}"
        yield Subject.PROXIES.ok("proxies_used", message, names=", ".join(names))


def _remote_checks(
    settings: Settings, cipher: Cipher | None, attendee: Attendee | None, seconds: float
) -> list[Check]:
    event = EventSlug(settings.accelevents_event) if settings.accelevents_event else None
    slack = check_slack(
        settings.slack_api_url,
        settings.slack_bot_token.get_secret_value(),
        settings.slack_app_token.get_secret_value(),
        outgoing_proxies(settings),
        contact_swap=settings.contact_swap == "on",
    )
    platform = check_platform(platform_options(settings), event)
    return [
        bounded(Subject.DATABASE, check_database(settings.database, cipher), seconds),
        bounded(Subject.DELIVERY, check_delivery(settings), seconds),
        bounded(Subject.SLACK, slack, seconds),
        bounded(Subject.PLATFORM, platform, seconds),
        _check_socket(settings, None, None, seconds)
        if attendee is None
        else _check_attendee(settings, attendee, seconds),
    ]


async def _check_attendee(settings: Settings, attendee: Attendee, seconds: float) -> list[Finding]:
    """Check the token with one request, then the socket with that token."""
    scheme: AuthScheme | None = None

    async def try_token() -> list[Finding]:
        nonlocal scheme
        options = platform_options(settings)
        finding, scheme = await check_token(options, SystemClock(), attendee.event, attendee.token)
        return [finding]

    found = await bounded(Subject.TOKEN, try_token(), seconds)
    return found + await _check_socket(settings, attendee.token, scheme, seconds)


async def _check_socket(
    settings: Settings, token: SecretStr | None, scheme: AuthScheme | None, seconds: float
) -> list[Finding]:
    try:
        check = SocketCheck(feed_options(settings), token, scheme, seconds)
    except SettingsError as error:
        return _unusable(Subject.SOCKET, error)

    async def run() -> list[Finding]:
        return [await check.run()]

    # The check has its own timeout, to report the stage of the handshake. It may then poll twice.
    return await bounded(Subject.SOCKET, run(), seconds + 2 * POLL_SECONDS + 1.0)


async def bounded(subject: Subject, check: Check, seconds: float) -> list[Finding]:
    """Run a check. A timeout or an unexpected error is returned as a finding."""
    try:
        async with asyncio.timeout(seconds):
            return await check
    except TimeoutError:
        return [host_finding(subject, "no_answer")]
    except Exception as error:  # noqa: BLE001 - the other checks must still be reported
        message, hint = "the check itself failed ({kind})", "report it, with this line"
        return [subject.failure("check_broke", message, hint, kind=type(error).__name__)]


def _unusable(subject: Subject, error: SettingsError) -> list[Finding]:
    found = []
    for line in error.args:
        name, _, why = line.partition(": ")
        setting = Settings.model_fields.get(name.lower())
        meaning = (setting.description if setting else None) or "a file of settings, NAME=value"
        facts = {"variable": name, "why": why, "meaning": meaning}
        about, code, hint = subject, "setting_unusable", "set it; it is: {meaning}"
        if name == "SLACKBOT_SECRET_KEYS":
            about, code = Subject.KEYS, "key_unusable"
            hint = (
                "put there what slackbot doctor --new-key prints, and keep the good ones after it"
            )
        found.append(about.failure(code, "{variable} {why}", hint, **facts))
    return found
