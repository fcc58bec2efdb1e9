"""The calls and their page, as the settings name them."""

from __future__ import annotations

from pathlib import Path

import structlog
from starlette.types import ASGIApp

from slackbot.bootstrap.database import secret_keys
from slackbot.domain.media_hosts import MediaHosts
from slackbot.domain.ports import Clock, Store
from slackbot.services.call_tokens import LinkSigner
from slackbot.services.calls import Calls
from slackbot.settings import Settings, split
from slackbot.web.call.assets import load
from slackbot.web.call.checks import OFFERED, check_call_page
from slackbot.web.call.routes import CallPage

log = structlog.get_logger(__name__)


def calls_and_page(
    settings: Settings, store: Store, clock: Clock, static: Path
) -> tuple[Calls, ASGIApp | None]:
    """The service, which is always there, and the page, which is built into `static` or not.

    Without a page no call is offered, and the log says why, once.

    Raises:
        SettingsError: a key cannot be used.
    """
    hosts = MediaHosts.of(split(settings.call_media_hosts))
    found = check_call_page(settings.public_url, static)
    on = found.code == OFFERED
    calls = Calls(
        store=store,
        clock=clock,
        signer=LinkSigner(secret_keys(settings)),
        hosts=hosts,
        page=f"{settings.public_url}/call" if on else None,
    )
    if on:
        return calls, CallPage(calls, load(static), settings.public_url).app(hosts)
    log.info("call_page_off", reason=found.code)
    return calls, None
