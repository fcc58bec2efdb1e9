"""Redaction of log lines, on the real root handler."""

from __future__ import annotations

import io
import json
import logging
import sys
from typing import Any

import pytest
import structlog

from .conftest import Printing

OURS = structlog.get_logger("slackbot.test")
SECRETS = {
    "bot token": "xoxb-" + "1234567890-abcdefGHIJKL",
    "app token": "xapp-1-A0123-456-0123abcd",
    "web token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl",
    "opaque token": "Zk3_qP-9wXyTr5LmN8vB2cD7",
    "user key": "a81f3c09d27e4b5690ab",
    "secret": "5a6d0b1c9f3e47288b7d60e1c4f2a935",
    "sealing key": "q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k=",
    "join token": "NWMxZDhmYjQtYzE2Ny00YTk4LTk0ZjM6MGY2Y2JlNWQtYjA3OC00",
    "meeting": "0f6cbe5d-b078-4a98-94f3-5c1d8fb4c167",
    "response_url": "https://hooks.slack.com/commands/T0/12345/AbCdEf",
    "trigger_id": "13345224609.738474920.8088930838d88f008e0",
}
FORMS = ("console", "json")


class Hostile:
    """A value that cannot be converted to text."""

    def __str__(self) -> str:
        raise RuntimeError("no")

    __repr__ = __str__


def speak(logger: logging.Logger, secret: str) -> None:
    """Log the secret in each way in which a library may."""
    logger.warning("got %s", secret)
    logger.warning("got %r", {"authorization": secret, "x": [secret]})
    logger.warning(f"POST /a/{secret}?userKey={secret}")  # noqa: G004 - libraries do
    logger.warning(secret)
    logger.warning("%s", secret.encode())
    logger.warning("extra", extra={"sent": secret, "body": secret, "deep": {"a": [(secret,)]}})


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_foreign_loggers_print_no_secret(printing: Printing, form: str, secret: str) -> None:
    """Whatever a library writes, in whatever way, the credential is not in it."""
    printed = printing(form)
    for name in ("slack_bolt.App", "httpx", "aiohttp.client", "asyncio", "somebody.else"):
        speak(logging.getLogger(name), secret)
    assert len(printed.getvalue().splitlines()) == 30
    assert secret not in printed.getvalue()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_our_own_lines_print_no_secret(printing: Printing, form: str, secret: str) -> None:
    """A slip of our own is caught too: by the name of the value, or by its form."""
    printed = printing(form)
    OURS.info("linked", token=secret, response_url=secret, trigger_id=secret)
    OURS.info("linked", answer={"deep": [{"join_token": secret}]}, attendee={"a": secret})
    assert secret not in printed.getvalue()
    assert printed.getvalue().count("[hidden]") == 5


def test_long_secrets_are_known_by_their_form(printing: Printing) -> None:
    """Long words of letters and digits are hidden from our own lines under any name."""
    printed = printing()
    for name, secret in SECRETS.items():
        OURS.info(f"said {secret}", reason=secret, kind=name)
        assert secret not in printed.getvalue()


@pytest.mark.parametrize("form", FORMS)
def test_exceptions_show_type_and_frames_but_no_secret(printing: Printing, form: str) -> None:
    """Causes, contexts, notes, groups and local variables: none of them reveals the secret."""
    printed = printing(form)
    secret = SECRETS["opaque token"]

    def inner(token: str) -> None:
        raise KeyError(token)

    def outer() -> None:
        try:
            inner(secret)
        except KeyError as error:
            error.add_note(secret)
            raise ExceptionGroup(secret, [ValueError(f"bad {secret}"), OSError(secret)]) from error

    try:
        outer()
    except ExceptionGroup as error:
        OURS.error("defect", reference="0a1b2c3d", exc_info=error)
        logging.getLogger("asyncio").warning("never retrieved: %r", error, exc_info=error)
    text = printed.getvalue()
    assert secret not in text
    for kind in ("ExceptionGroup", "ValueError", "OSError", "KeyError", "in inner", "0a1b2c3d"):
        assert kind in text


def test_an_exception_keeps_what_helps(printing: Printing) -> None:
    """The words of an exception, and the file, line and function, are there."""
    printed = printing()
    try:
        {}[("no such table", "links")]
    except LookupError:
        OURS.exception("defect")
    (line,) = printed.getvalue().splitlines()
    exception = json.loads(line)["exception"]
    assert exception.startswith("KeyError: ('no such table', 'links')\n  at ")
    assert "test_redaction.py:" in exception


@pytest.mark.parametrize("form", FORMS)
def test_nobody_can_forge_a_line(printing: Printing, form: str) -> None:
    """Line breaks, terminal escapes and direction marks are written out, not carried out."""
    printed = printing(form)
    evil = 'x\n{"level": "error"}\r\x1b[31m\x1b]0;owned\x07\u2028\u202e\x85\x00\ud800'
    OURS.info("said", reason=evil, **{"a\nb": evil})
    OURS.info(evil)
    logging.getLogger(f"some{evil}").warning(evil, extra={"more": evil, "timestamp": evil})
    logging.getLogger("some").warning("trace", stack_info=True, extra={"level": evil})
    lines = printed.getvalue().split("\n")
    assert len(lines) == 5
    for bad in ("\r", "\x1b[31m", "\x1b]0", "\x07", "\u2028", "\u202e", "\x85", "\x00", "\ud800"):
        assert bad not in printed.getvalue()


@pytest.mark.parametrize("form", FORMS)
def test_what_cannot_be_printed_breaks_nothing(
    printing: Printing, form: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """A `__str__` that raises costs its value; the next line is printed as ever."""
    printed = printing(form)
    secret = SECRETS["user key"]
    circle: list[Any] = []
    circle.append(circle)
    OURS.info("first", what=Hostile(), where=circle, how={Hostile(): secret})
    logging.getLogger("other").warning("second %s %s", secret, Hostile())
    logging.getLogger("other").warning("third %d", secret)
    logging.getLogger("other").error("fourth", exc_info=ValueError(Hostile()))
    OURS.info("last")
    lines = printed.getvalue().splitlines()
    assert len([line for line in lines if not line.startswith(("  at", "ValueError"))]) == 5
    assert "last" in lines[-1]
    assert secret not in printed.getvalue() + "".join(capfd.readouterr())


def test_a_lost_stream_says_nothing(printing: Printing, capfd: pytest.CaptureFixture[str]) -> None:
    """When printing fails, logging's own complaint, which quotes the record, is not printed."""
    printing().close()
    OURS.info("x", what=SECRETS["secret"])
    assert "".join(capfd.readouterr()) == ""


def test_libraries_are_heard_from_a_warning_on(printing: Printing) -> None:
    """At debug level libraries would print bodies and headers; only our own lines are printed."""
    printed = printing(level="debug")
    for name in ("slack_bolt", "httpcore.http11", "sqlalchemy.engine", "uvicorn.access", "asyncio"):
        logging.getLogger(name).setLevel(logging.DEBUG)
        logging.getLogger(name).debug("a body")
        logging.getLogger(name).info("a body")
        logging.getLogger(name).setLevel(logging.NOTSET)
    logging.getLogger("uvicorn.error").setLevel(logging.INFO)
    logging.getLogger("uvicorn.error").info("Application startup complete.")
    OURS.debug("handshake_failed")
    assert [json.loads(line)["event"] for line in printed.getvalue().splitlines()] == [
        "Application startup complete.",
        "handshake_failed",
    ]


def test_what_we_need_to_know_stays(printing: Printing) -> None:
    """Ids of people and matches, error words, references and times can be read."""
    printed = printing()
    digest = "0123456789abcdef0123456789abcdef"
    OURS.info("match", match=digest, team="T0123ABCD", user="U0456EFGH", reason="timed_out")
    line = json.loads(printed.getvalue())
    assert line["match"] == digest
    assert (line["team"], line["user"], line["reason"]) == ("T0123ABCD", "U0456EFGH", "timed_out")
    assert line["timestamp"].startswith("20")
    assert line["logger"] == "slackbot.test"


def test_uncaught_exceptions_are_redacted(printing: Printing) -> None:
    """The last line of the process passes the same handler."""
    printed: io.StringIO = printing()
    error = RuntimeError(SECRETS["join token"])
    sys.excepthook(type(error), error, None)
    line = json.loads(printed.getvalue())
    assert (line["event"], line["exception"]) == ("uncaught", "RuntimeError: [hidden]")


def test_huge_and_deep_values_are_cut(printing: Printing) -> None:
    """A line stays readable, whatever size the value has."""
    printed = printing()
    deep: Any = "end"
    for _ in range(5000):
        deep = [deep]
    OURS.info("big", text="word " * 100_000, many=list(range(10_000)), deep=deep)
    assert len(printed.getvalue()) < 10_000
