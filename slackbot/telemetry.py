"""Structured logs with redaction on the root handler, and the counters of `/metrics`.

Every record of ours and of foreign loggers passes the rules of `redaction.py`, whatever its level.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any, Literal, TextIO

import structlog
from prometheus_client import Counter, Gauge, Histogram

from slackbot.redaction import redacted, told

UNREADABLE = Counter(
    "slackbot_unreadable_total", "Payloads from outside that could not be read", ["source"]
)
MATCHES = Counter("slackbot_matches_total", "Matches heard of", ["source"])
MATCHES_LATE = Counter(
    "slackbot_matches_late_total", "Matches that the feed missed, told from the match list"
)
MATCH_TO_DM = Histogram(
    "slackbot_match_to_dm_seconds",
    "From hearing of a match until Slack had taken its message",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
NOTICES = Counter("slackbot_notices_total", "Notices that came to an end", ["outcome"])
NOTICES_WAITING = Gauge(
    "slackbot_notices_waiting", "Matches of the workspace that are stored and not told yet"
)
NOTICES_OLDEST = Gauge(
    "slackbot_notices_oldest_seconds", "How long the oldest of them has waited; 0 without any"
)
ANSWERS = Histogram(
    "slackbot_answer_seconds",
    "From a request's arrival until its first answer to Slack was ready",
    ["kind"],
    buckets=(0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 2.5, 3),
)
OUTGOING_WAITING = Gauge(
    "slackbot_outgoing_waiting", "Calls to Slack that wait for their turn", ["rank"]
)
OUTGOING_LIMITED = Counter(
    "slackbot_outgoing_limited_total", "Calls to Slack refused with a time to wait", ["method"]
)
CALLS = Counter(
    "slackbot_calls_total", "Links to calls: made, opened, entered, refused", ["outcome"]
)
FEEDS_OPEN = Gauge("slackbot_feeds_open", "Feeds of this process that are connected")
FEED_RECONNECTS = Counter(
    "slackbot_feed_reconnects_total", "Feeds connected again after they were lost"
)
FEED_FAILURES = Counter("slackbot_feed_failures_total", "Feeds lost or not connected", ["reason"])
REFUSED_REQUESTS = Counter(
    "slackbot_refused_requests_total", "Requests turned away before Slack's handler", ["reason"]
)
SOCKET_MODE_CONNECTIONS = Gauge(
    "slackbot_socket_mode_connections", "Socket Mode connections that are up"
)
SOCKET_MODE_AT_SLACK = Gauge(
    "slackbot_socket_mode_connections_at_slack",
    "Socket Mode connections of the app that Slack counted when it greeted the last one",
)
SOCKET_MODE_FAILURES = Counter(
    "slackbot_socket_mode_failures_total",
    "Socket Mode connections replaced or not connected",
    ["reason"],
)

FOREIGN_INFO = frozenset({"uvicorn.error"})
"""Foreign loggers that speak below a warning: that the server runs."""


class RootHandler(logging.StreamHandler[TextIO]):
    """Prints what passes the redaction; a record that cannot be printed is told of, no more."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, or one that says which logger's record could not be printed."""
        try:
            return super().format(record)
        except Exception:  # noqa: BLE001 - somebody's `__str__` raised; the work goes on
            said = "a log record could not be printed"
            return super().format(
                logging.LogRecord(record.name, record.levelno, "", 0, said, None, None)
            )

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """The stream is gone: say nothing, since logging's own words would quote the record."""


def configure_logging(level: str, form: Literal["auto", "console", "json"]) -> None:
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
    handler = RootHandler()
    handler.addFilter(_is_worth_printing)
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
    _quieten()


def _is_worth_printing(record: logging.LogRecord) -> bool:
    """Others print bodies, headers and frames below a warning, whatever level is set."""
    return (
        record.levelno >= logging.WARNING
        or _is_ours(record.name)
        or (record.name in FOREIGN_INFO and record.levelno >= logging.INFO)
    )


def _is_ours(name: str) -> bool:
    return name == "slackbot" or name.startswith("slackbot.")


def _redact(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """A structlog processor: the last before printing."""
    ours = bool(event.pop("_from_structlog", False)) and _is_ours(str(event.get("logger")))
    for name in ("_record", "stack_info", "stack"):
        event.pop(name, None)
    error = _exception(event.pop("exc_info", None))
    fields = redacted(event, ours=ours)
    return fields | {"exception": told(error)} if error is not None else fields


def _exception(given: object) -> BaseException | None:
    """The exception of `exc_info`, in each of the forms that logging takes."""
    if isinstance(given, tuple) and len(given) == 3:
        given = given[1]
    elif given is True:
        given = sys.exc_info()[1]
    return given if isinstance(given, BaseException) else None


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What nobody caught ends the process; its text is redacted too."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        structlog.get_logger("slackbot").critical("uncaught", exc_info=error)


def _quieten() -> None:
    """Spare the work of lines that would not be printed, and uvicorn's own handlers."""
    for name in ("slack_bolt", "slack_sdk", "httpx", "httpcore", "websockets"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    logging.getLogger("uvicorn.access").setLevel(logging.WARNING)
