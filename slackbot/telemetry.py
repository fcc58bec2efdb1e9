"""Structured logging with redaction, and Prometheus metrics.

Every log record, from the bot or a library, is redacted by `redaction.py`.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any, Literal, TextIO

import structlog
from prometheus_client import Counter, Gauge, Histogram, Info

from slackbot.redaction import redacted, redacted_traceback


def _counter(name: str, description: str, label: str, *values: str) -> Counter:
    """Return a counter that exports these values of its label from the start, as 0.

    Prometheus sees no increase in a counter that begins with 1, so alerts would miss the first.
    """
    counter = Counter(name, description, [label])
    for value in values:
        counter.labels(value)
    return counter


BUILD = Info("slackbot_build", "The versions of the bot and of Python, and the process's role")
UNREADABLE = _counter(
    "slackbot_unreadable_total",
    "Payloads from outside that could not be read",
    "source",
    "socket",
    "slack",
)
MATCHES = _counter(
    "slackbot_matches_total", "Matches reported by a source", "source", "socket", "list", "before"
)
MATCHES_LATE = Counter(
    "slackbot_matches_late_total", "Matches that the feed missed, sent from the match list"
)
MATCHES_SKIPPED = Counter(
    "slackbot_matches_skipped_total",
    "Missed matches without a message, because one list had too many of them",
)
MATCHES_UNSTORED = Gauge(
    "slackbot_matches_unstored", "Reports of matches in memory that could not be stored yet"
)
STORE_FAILURES = Counter(
    "slackbot_store_failures_total", "Tries to store a reported match that failed unexpectedly"
)
MATCH_TO_DM = Histogram(
    "slackbot_match_to_dm_seconds",
    "From the report of a match until Slack accepted its message",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
NOTICES = _counter(
    "slackbot_notices_total",
    "Notices with a final outcome",
    "outcome",
    *("told", "refused", "expired", "defect"),
)
NOTICES_WAITING = Gauge(
    "slackbot_notices_waiting", "Stored matches of the workspace whose notice is pending"
)
NOTICES_OLDEST = Gauge(
    "slackbot_notices_oldest_seconds", "Age of the oldest pending notice; 0 without any"
)
NOTICES_UNOWNED = Gauge(
    "slackbot_notices_unowned",
    "Unfinished notices that no living process is sending, when they were last looked for",
)
ANSWERS = Histogram(
    "slackbot_answer_seconds",
    "From a request's arrival until its first answer to Slack was ready",
    ["kind"],
    buckets=(0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 2.5, 3),
)
OUTGOING_WAITING = Gauge(
    "slackbot_outgoing_waiting", "API calls to Slack that are queued", ["rank"]
)
OUTGOING_LIMITED = Counter(
    "slackbot_outgoing_limited_total",
    "API calls that Slack refused with a time to wait",
    ["method"],
)
OUTGOING_REFUSED = _counter(
    "slackbot_outgoing_refused_total",
    "API calls that Slack refused, by its error",
    "reason",
    "content",
    "other",
)
CALLS = Counter("slackbot_calls_total", "Call links: made, opened, entered, refused", ["outcome"])
FEEDS_OPEN = Gauge("slackbot_feeds_open", "Connected feeds of this process")
LEAVING = Gauge(
    "slackbot_leaving_unconfirmed",
    "Sessions of deleted people that Accelevents has not confirmed as left",
)
FEED_RECONNECTS = Counter("slackbot_feed_reconnects_total", "Feeds that reconnected")
FEED_FAILURES = _counter(
    "slackbot_feed_failures_total",
    "Feeds that were lost or could not connect",
    "reason",
    *("closed", "refused", "timeout", "unreachable", "unreadable"),
)
REFUSED_REQUESTS = _counter(
    "slackbot_refused_requests_total",
    "Requests refused before Slack's handler",
    "reason",
    "signature",
    "clock",
)
SOCKET_MODE_CONNECTIONS = Gauge("slackbot_socket_mode_connections", "Open Socket Mode connections")
SOCKET_MODE_AT_SLACK = Gauge(
    "slackbot_socket_mode_connections_at_slack",
    "Socket Mode connections of the app that Slack counted at the last hello",
)
SOCKET_MODE_FAILURES = Counter(
    "slackbot_socket_mode_failures_total",
    "Socket Mode connections that were replaced or could not connect",
    ["reason"],
)

# Library loggers that may also log at INFO. uvicorn reports at this level that the server runs.
LIBRARY_INFO = frozenset({"uvicorn.error"})


class RootHandler(logging.StreamHandler[TextIO]):
    """A log handler that replaces records that cannot be formatted, instead of raising."""

    def format(self, record: logging.LogRecord) -> str:
        """Format the record, or a substitute that names the logger if formatting fails."""
        try:
            return super().format(record)
        except Exception:  # noqa: BLE001 - a value's `__str__` may raise anything
            text = "a log record could not be printed"
            substitute = logging.LogRecord(record.name, record.levelno, "", 0, text, None, None)
            return super().format(substitute)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Ignore a failed write, because the default handler would print the unredacted record."""


def configure_logging(level: str, form: Literal["auto", "console", "json"]) -> None:
    """Route all loggers through one handler on the root logger.

    Libraries are limited to warnings and above, because their lower levels include request
    bodies, headers and frames.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Any = structlog.processors.JSONRenderer()
    if form == "console" or (form == "auto" and sys.stderr.isatty()):
        renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    handler = RootHandler()
    handler.addFilter(
        lambda record: (
            record.levelno >= logging.WARNING
            or _is_ours(record.name)
            or (record.name in LIBRARY_INFO and record.levelno >= logging.INFO)
        )
    )
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[_redact, renderer],
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
    sys.excepthook = _uncaught
    # Avoid creating records that the filter would drop, and remove uvicorn's own handlers.
    for name in ("slack_bolt", "slack_sdk", "httpx", "httpcore", "websockets", "uvicorn.access"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True


def _is_ours(name: str) -> bool:
    return name == "slackbot" or name.startswith("slackbot.")


def _redact(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Redact the record. This must be the last structlog processor before the renderer."""
    ours = bool(event.pop("_from_structlog", False)) and _is_ours(str(event.get("logger")))
    for name in ("_record", "stack_info", "stack"):
        event.pop(name, None)
    error = event.pop("exc_info", None)  # any form that `logging` accepts
    if isinstance(error, tuple) and len(error) == 3:
        error = error[1]
    elif error is True:
        error = sys.exc_info()[1]
    fields = redacted(event, ours=ours)
    if isinstance(error, BaseException):
        fields["exception"] = redacted_traceback(error)
    return fields


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Log an uncaught exception, redacted like any other record."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        structlog.get_logger("slackbot").critical("uncaught", exc_info=error)
