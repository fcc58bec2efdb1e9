"""Whether there is a call page, and if not, why."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from slackbot.domain.findings import Cause, Finding, Subject
from slackbot.domain.media_hosts import LOOPBACK
from slackbot.web.call.assets import is_built


def probe_call_page(public_url: str, folder: Path) -> Finding:
    """One finding. Browsers give camera and microphone over TLS, or on this machine, alone."""
    told = {"url": public_url}
    if not public_url:
        return Finding(Subject.CALLS, Cause.CALLS_NOT_WANTED)
    parts = urlsplit(public_url)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        return Finding(Subject.CALLS, Cause.CALLS_WITHOUT_TLS, told)
    if not is_built(folder):
        return Finding(Subject.CALLS, Cause.CALL_PAGE_MISSING)
    return Finding(Subject.CALLS, Cause.CALL_PAGE_THERE, told)
