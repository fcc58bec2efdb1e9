"""Real logging into a buffer."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import structlog

from slackbot.telemetry import RootHandler, configure_logging


@contextmanager
def printed(
    form: Literal["console", "json"] = "json", level: str = "debug"
) -> Iterator[io.StringIO]:
    """Configure logging as `slackbot run` does, and yield what it prints."""
    root, names = logging.getLogger(), ("slack_bolt", "slack_sdk", "httpx", "httpcore")
    before = root.handlers[:], root.level, sys.excepthook
    levels = {name: logging.getLogger(name).level for name in names}
    configure_logging(level, form)
    (handler,) = root.handlers
    assert isinstance(handler, RootHandler)
    stream = io.StringIO()
    handler.setStream(stream)
    try:
        yield stream
    finally:
        root.handlers[:], root.level, sys.excepthook = before
        for name, previous in levels.items():
            logging.getLogger(name).setLevel(previous)
        structlog.reset_defaults()
