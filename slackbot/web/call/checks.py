"""Check the requirements for calls: the public address and the built page."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from slackbot.domain.findings import Finding, Subject
from slackbot.domain.media_hosts import LOOPBACK
from slackbot.web.call.assets import is_built

OFFERED: Final = "call_page_there"  # the finding's code when calls are offered


def check_call_page(public_url: str, folder: Path) -> Finding:
    """Report on the page at `public_url` that was built into `folder`.

    Browsers allow access to the camera and microphone only over TLS or on localhost.
    """
    if not public_url:
        return Subject.CALLS.ok(
            "calls_not_wanted",
            "Join call is not offered, since PUBLIC_URL is empty; people meet in the event hub",
        )
    parts = urlsplit(public_url)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        return Subject.CALLS.warning(
            "calls_without_tls",
            "Join call is not offered: browsers give no camera to {url}",
            "set PUBLIC_URL to an https address",
            url=public_url,
        )
    if not is_built(folder):
        return Subject.CALLS.warning(
            "call_page_missing",
            "Join call is not offered: this installation has no call page",
            "install the wheel, or build the page with npm (see docs/call.md), or empty PUBLIC_URL",
        )
    return Subject.CALLS.ok(OFFERED, "Join call is offered, and leads to {url}", url=public_url)
