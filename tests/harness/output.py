"""The real logging, printing into a text that tests read."""

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
    """Set logging up as `slackbot run` does; what it prints, while this lasts."""
    root, named = logging.getLogger(), ("slack_bolt", "slack_sdk", "httpx", "httpcore")
    before = root.handlers[:], root.level, sys.excepthook
    levels = {name: logging.getLogger(name).level for name in named}
    configure_logging(level, form)
    (handler,) = root.handlers
    assert isinstance(handler, RootHandler)
    stream = io.StringIO()
    handler.setStream(stream)
    try:
        yield stream
    finally:
        root.handlers[:], root.level, sys.excepthook = before
        for name, former in levels.items():
            logging.getLogger(name).setLevel(former)
        structlog.reset_defaults()
