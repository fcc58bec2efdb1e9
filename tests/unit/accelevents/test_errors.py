"""Errors for every documented refusal, and for undocumented ones."""

import json
from pathlib import Path
from typing import Any

import pytest

from slackbot.accelevents.errors import Endpoint, error_for, parse_error_body
from slackbot.domain import errors

FOLDER = Path(__file__).parents[2] / "payloads" / "platform"
ERRORS = sorted(FOLDER.glob("error_*.json"))


def load(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def as_bytes(body: object) -> bytes:
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


@pytest.mark.parametrize("path", ERRORS, ids=lambda path: path.stem)
def test_refusals(path: Path):
    """Status, code and message become the error with the right sentence and next step."""
    case = load(path)
    error = error_for(Endpoint(case["call"]), case["status"], as_bytes(case["body"]))
    assert type(error) is getattr(errors, case["expect"])
    assert error.status == case["status"]
    assert error.permitted == case.get("permitted")


def test_every_refusal_of_the_tree_is_reached():
    """Every refusal of the error tree has a response that leads to it."""
    reached = {load(path)["expect"] for path in ERRORS}
    assert {kind.__name__ for kind in errors.Refusal.__subclasses__()} <= reached


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[]",
        b'"x"',
        b"4072002",
        b"[" * 100000,
        b'{"errorCode": 1e999}',
        b'{"errorCode": NaN}',
        b'{"errorCode": ' + b"9" * 6000 + b"}",
    ],
)
def test_any_body(body: bytes):
    """A body of any kind is read without an error."""
    parse_error_body(body)
    assert error_for(Endpoint.JOIN, 406, body).status == 406


def test_a_bare_number_is_a_code():
    """A body that is only a code is understood."""
    assert type(error_for(Endpoint.JOIN, 406, b"4072002")) is errors.SessionNotLive
