"""Errors for every documented refusal, and for undocumented ones."""

import json
from pathlib import Path
from typing import Any

import pytest

from slackbot.accelevents.errors import (
    Endpoint,
    error_for,
    error_in_envelope,
    parse_error_body,
)
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


CLOSED = "Networking is closed by the organiser until 3 pm"


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (CLOSED, CLOSED),
        (f"<p>{CLOSED}</p><script>alert(1)</script>", CLOSED),
        ("Doors open&nbsp;at 9&amp;10<br>See you there", "Doors open at 9&10 See you there"),
        ("5 < 7 people have registered", "5 < 7 people have registered"),
        ("Bad Request", None),
        ("Not Found.", None),
        ("rejected", None),
        ("", None),
        ('{"cause": "x y"}', None),
        ("NullPointerException at line 3", None),
        ("com.accelevents.api.Failure in handler", None),
        ("value is null here", None),
        ("Sign in at https://www.accelevents.com/e/demo/portal?userKey=Zx8Kq2Lm9PaT4", None),
        ("Your token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI1MDEifQ.c2lnbmF0dXJlMTIz is old", None),
    ],
)
@pytest.mark.parametrize("field", ["message", "error", "errorMessage", "developerMessage"])
def test_the_reason_is_a_sentence_for_people(message: str, reason: str | None, field: str):
    """The platform's own sentence is one line, without markup; a secret or a trace is none."""
    error = error_for(Endpoint.JOIN, 409, as_bytes({field: message}))
    assert isinstance(error, errors.Rejected)
    assert error.reason == reason
    assert repr(error) == "Rejected('rejected')"


def test_the_first_sentence_is_the_reason():
    """An error that repeats the status beside its message has a reason all the same."""
    body = {"status": 409, "error": "Conflict", "message": CLOSED, "path": "/rest/events"}
    assert error_for(Endpoint.JOIN, 409, as_bytes(body)).reason == CLOSED
    page = b"<html><body><h1>403 Forbidden</h1>Request blocked by the proxy</body></html>"
    assert error_for(Endpoint.JOIN, 403, page).reason is None


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        # Spring Boot with a message, and without one: spring-projects/spring-boot#21496
        ({"status": 409, "error": "Conflict", "message": CLOSED, "path": "/x"}, CLOSED),
        ({"status": 409, "error": "Conflict", "message": "", "path": "/x"}, None),
        # spring-projects/spring-boot#7329
        ({"error": "Conflict", "exception": "demo.MyException", "message": CLOSED}, CLOSED),
        # JsonApiClient/json_api_client#269
        ({"errors": [{"title": "Param not allowed", "detail": CLOSED}]}, CLOSED),
        ({"errors": [{"title": CLOSED, "status": "409"}]}, CLOSED),
        # wimdeblauwe/error-handling-spring-boot-starter#128
        ({"type": "about:blank", "title": "Conflict", "status": 409, "detail": CLOSED}, CLOSED),
        # json-api-dotnet/JsonApiDotNetCore#1449
        (
            {"errors": [{"id": "3fa85f64", "code": "124", "status": "409", "detail": CLOSED}]},
            CLOSED,
        ),
        ({"errors": [{"field": "x", "defaultMessage": CLOSED}]}, CLOSED),
        ({"userMessage": CLOSED}, CLOSED),  # documenso/documenso#2691
        # GrahamCampbell/Laravel-Exceptions#13
        ({"success": False, "code": 409, "msg": CLOSED}, CLOSED),
        ({"error": "access_denied", "error_description": CLOSED}, CLOSED),
        ({"error": {"message": CLOSED}}, CLOSED),  # okpy/ok#116
    ],
)
def test_reported_bodies_of_errors(body: dict[str, Any], reason: str | None):
    """The sentence for people is found wherever a framework puts it, and is never made up."""
    assert error_for(Endpoint.JOIN, 409, as_bytes(body)).reason == reason


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        # apisyouwonthate/style-guide#25
        ({"status": "error", "message": CLOSED}, errors.Rejected, CLOSED),
        ({"status": "error", "data": None}, errors.Rejected, None),
        ({"errors": [{"message": CLOSED}]}, errors.Rejected, CLOSED),
        # phpipam/phpipam#1159
        ({"code": 404, "success": False, "message": CLOSED}, errors.Rejected, CLOSED),
        # SharpsCompliance/PDSC#7
        ({"status": 400, "detail": CLOSED}, errors.Rejected, CLOSED),
        ({"success": False}, errors.Rejected, None),  # dyedurham/SbManager#73
        ({"data": [], "error": CLOSED}, errors.Rejected, CLOSED),
        ({"data": None, "error": {"message": CLOSED}}, errors.Rejected, CLOSED),
        ({"recordsTotal": 0, "Data": [], "Error": "Event not found"}, errors.EventNotFound, None),
        ({"data": [], "error": {"errorCode": 4010101}}, errors.TokenRefused, None),
        ({"data": [], "error": True}, errors.Rejected, None),
    ],
)
def test_an_error_in_an_envelope_is_an_error(
    answer: dict[str, Any], kind: type[errors.PlatformError], reason: str | None
):
    """A list without rows that says why it has none is no empty list."""
    error = error_in_envelope(Endpoint.SESSIONS, answer)
    assert type(error) is kind
    assert error.reason in {reason, "Event not found"}


@pytest.mark.parametrize(
    "answer",
    [
        *({"data": [], "error": nothing} for nothing in (None, "", False, 0, {})),
        *({"data": []}, [], None, "error"),
        {"code": 200, "success": True},  # phpipam/phpipam#1159
        {"status": 200, "message": "Success", "data": []},  # Azure/azure-mcp#382
        {"success": False, "data": [{"sessionId": 1}]},
        {"data": [{"sessionId": 1}], "error": CLOSED},
        {"access_token": "t", "error": "none"},
    ],
)
def test_other_envelopes_are_answers(answer: object):
    """An empty list is one, and rows are used whatever is said beside them."""
    assert error_in_envelope(Endpoint.SESSIONS, answer) is None
