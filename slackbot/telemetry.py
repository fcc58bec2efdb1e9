"""Structured logs with redaction on the root handler, and the counters of `/metrics`.

Every record of ours and of foreign loggers passes `redact`, whatever its level: values under
secret-sounding keys go, and so does anything in a text that looks like a credential.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Literal

import structlog
from prometheus_client import Counter

UNREADABLE = Counter(
    "slackbot_unreadable_total", "Payloads from outside that could not be read", ["source"]
)
MATCHES = Counter("slackbot_matches_total", "Matches heard of", ["source"])
NOTICES = Counter("slackbot_notices_total", "Notices that came to an end", ["outcome"])
FEED_FAILURES = Counter("slackbot_feed_failures_total", "Feeds lost or not connected", ["reason"])
REFUSED_REQUESTS = Counter(
    "slackbot_refused_requests_total", "Requests turned away before Slack's handler", ["reason"]
)

HIDDEN = "[hidden]"
_SECRET_KEY = re.compile(
    r"token|secret|authorization|password|credential|cookie|signature|response_url|trigger_id"
    r"|join_?token|attendee|meeting|user_?key|magic|^body$|^payload$",
    re.IGNORECASE,
)
_SECRET_TEXT = re.compile(
    r"xox[a-z]-[\w-]+|xapp-[\w-]+"  # Slack
    r"|(?i:bearer)\s+[\w.~+/=-]+"
    r"|eyJ[\w-]+\.[\w.-]+"  # JSON web tokens
    r"|https://hooks\.slack\.com/\S+"
    r"|(?i:(?:token|userkey|key|secret|password|authorization)[\"']?\s*[=:]\s*[\"']?)[^\s\"'&,;}]+"
)


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: nothing that looks like a credential leaves the process."""
    for key, value in event.items():
        event[key] = HIDDEN if _SECRET_KEY.search(key) and value else _without_secrets(value)
    return event


def _without_secrets(value: Any) -> Any:
    if isinstance(value, str):
        return _SECRET_TEXT.sub(HIDDEN, value)
    if isinstance(value, Mapping):
        return {
            k: HIDDEN if _SECRET_KEY.search(str(k)) and v else _without_secrets(v)
            for k, v in value.items()
        }
    if isinstance(value, (list, tuple, set)):
        return [_without_secrets(item) for item in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return _SECRET_TEXT.sub(HIDDEN, str(value))


def set_up_logging(level: str, form: Literal["auto", "console", "json"]) -> None:
    """Send every logger, ours and foreign, through one handler on the root."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    console = form == "console" or (form == "auto" and sys.stderr.isatty())
    renderer: Any = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if console
        else structlog.processors.JSONRenderer()
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                redact,
                renderer,
            ],
        )
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    _quieten(level)


def _quieten(level: str) -> None:
    """Foreign loggers that print bodies, every frame or every import speak only of trouble."""
    for name in (
        "slack_bolt",
        "slack_sdk",
        "httpx",
        "httpcore",
        "engineio",
        "socketio",
        "aiosqlite",
        "alembic.runtime.plugins",
    ):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level.upper())))
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    logging.getLogger("uvicorn.access").setLevel(logging.WARNING)
