"""`slackbot doctor` names what is wrong with Slack or the platform's API, by talking to them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.types import ASGIApp

from slackbot.sandbox.serving import serving

from .patient import Patient
from .peers import mute, web

NOWHERE = "http://127.0.0.1:1"
HOSTS = {"slack": "SLACK_API_URL", "accelevents": "ACCELEVENTS_API_URL"}
each_host = pytest.mark.parametrize("host", HOSTS)


# --- Slack's own refusals ---


async def test_a_wrong_bot_token(patient: Patient) -> None:
    """A token that Slack does not know is told by Slack's word for it."""
    wrong = "xoxb-000000000000-000000000000-AbCdEf"
    report = await patient.is_seen_by_doctor(SLACK_BOT_TOKEN=wrong)
    assert report.status == 1
    assert "it refuses the token (invalid_auth)" in report.on("slack")
    assert "OAuth & Permissions" in report.on("slack")
    assert wrong not in report.printed


async def test_a_revoked_bot_token(patient: Patient) -> None:
    """A token of an app that was removed is told apart from a wrong one."""
    patient.slack.workspace.state = "token_revoked"
    report = await patient.is_seen_by_doctor()
    assert report.status == 1
    assert "token_revoked" in report.on("slack")


async def test_missing_scopes(patient: Patient) -> None:
    """Each missing scope is named."""
    patient.slack.workspace.scopes -= {"chat:write", "im:write"}
    report = await patient.is_seen_by_doctor()
    assert report.status == 1
    assert "missing: chat:write, im:write" in report.on("slack scopes")
    assert report.on("slack").startswith("ok")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (web(429, '{"ok":false,"error":"ratelimited"}', "application/json"), "limits our rate"),
        (web(503, "", "text/plain"), "it fails (503)"),
        (web(200, "up", "text/plain"), "no API"),
        (web(200, "[]", "application/json"), "no API"),
        (web(200, "{", "application/json"), "no API"),
    ],
    ids=["limited", "fails", "text", "list", "broken"],
)
async def test_odd_answers_of_slack(patient: Patient, answer: ASGIApp, told: str) -> None:
    """Whatever answers in Slack's place, it is told what it is."""
    async with serving(answer) as url:
        report = await patient.is_seen_by_doctor(SLACK_API_URL=url)
    assert told in report.on("slack")


async def test_scopes_that_are_not_told(patient: Patient) -> None:
    """An answer without the scopes' header is a warning, since nothing is known to be missing."""
    known = '{"ok":true,"team":"Demo \\u001b[31mWorkspace","user":"networking"}'
    async with serving(web(200, known, "application/json")) as url:
        report = await patient.is_seen_by_doctor(SLACK_API_URL=url)
    assert report.status == 0
    assert report.on("slack scopes").startswith("warning")
    assert "\x1b" not in report.printed


# --- hosts that are not there, or are others ---


@each_host
async def test_nothing_listens(patient: Patient, host: str) -> None:
    """A refused connection is named, with the variable that holds the address."""
    report = await patient.is_seen_by_doctor(**{HOSTS[host]: NOWHERE})
    assert report.status == 1
    assert f"nothing listens at that host and port (connection refused) → check {HOSTS[host]}" in (
        report.on(host)
    )


@each_host
async def test_no_such_host(patient: Patient, host: str) -> None:
    """A name that cannot be resolved is named."""
    report = await patient.is_seen_by_doctor(**{HOSTS[host]: "http://no..name"})
    assert report.status == 1
    assert "the host's name is not known" in report.on(host)


@each_host
async def test_a_web_page(patient: Patient, host: str) -> None:
    """A web site in place of the API is named."""
    async with serving(web()) as url:
        report = await patient.is_seen_by_doctor(**{HOSTS[host]: url})
    assert report.status == 1
    assert f"(200) is a web page or the like, no API → check {HOSTS[host]}" in report.on(host)


@each_host
async def test_no_tls_there(patient: Patient, host: str) -> None:
    """HTTPS to a port that speaks HTTP is named."""
    async with serving(web()) as url:
        report = await patient.is_seen_by_doctor(**{HOSTS[host]: url.replace("http", "https")})
    assert report.status == 1
    assert "TLS fails" in report.on(host)


@each_host
async def test_an_untrusted_certificate(patient: Patient, host: str, tmp_path: Path) -> None:
    """A certificate of nobody's is named."""
    async with with_own_certificate(tmp_path) as url:
        report = await patient.is_seen_by_doctor(**{HOSTS[host]: url})
    assert report.status == 1
    assert "its TLS certificate is not trusted" in report.on(host)


@each_host
async def test_no_answer(patient: Patient, host: str) -> None:
    """A host that takes the request and stays silent is named when the time is up."""
    async with serving(mute) as url:
        report = await patient.is_seen_by_doctor("--timeout", "1.5", **{HOSTS[host]: url})
    assert report.status == 1
    assert "no answer in time" in report.on(host)


# --- the platform's own answers ---


@pytest.mark.parametrize(
    ("answer", "grade", "told"),
    [
        (web(302, "", location="https://example.com/"), "failure", "it redirects"),
        (web(502), "failure", "it fails (502)"),
        (web(404), "failure", "(404) is a web page"),
        (web(404, '{"message":"nothing"}', "application/json"), "warning", "it answers 404"),
        (web(403), "warning", "forbids (403)"),
        (web(429), "warning", "limits our rate"),
        (web(200, '{"data":[]}', "application/json"), "ok", "the API answers"),
        (web(200, "[" + " " * 70_000 + "]", "application/json"), "ok", "the API answers"),
    ],
    ids=["moved", "fails", "page", "path", "forbids", "limits", "open", "large"],
)
async def test_answers_of_the_api(patient: Patient, answer: ASGIApp, grade: str, told: str) -> None:
    """Whatever answers in the API's place, it is told what it is."""
    async with serving(answer) as url:
        report = await patient.is_seen_by_doctor(ACCELEVENTS_API_URL=url)
    assert report.on("accelevents").startswith(grade)
    assert told in report.on("accelevents")


@pytest.mark.parametrize("event", ["", "expo"])
async def test_an_unknown_event(patient: Patient, event: str) -> None:
    """An event of the settings that the platform does not know is named."""
    body = '{"errorCode":4040200,"message":"Event not found"}'
    async with serving(web(404, body, "application/json")) as url:
        report = await patient.is_seen_by_doctor(ACCELEVENTS_API_URL=url, ACCELEVENTS_EVENT=event)
    told = "it does not know the event expo" if event else "the API answers"
    assert told in report.on("accelevents")


# --- an attendee's token ---


async def test_an_attendees_token(patient: Patient) -> None:
    """A good token is accepted by the API and by the socket, and shown nowhere."""
    report = await patient.is_seen_as_ada()
    assert report.status == 0, report.printed
    assert "accepted for demo, sent bare" in report.on("token")
    assert report.on("socket").endswith("connects")


async def test_a_token_sent_the_other_way(patient: Patient) -> None:
    """How the token has to be sent is found out and told."""
    patient.platform.knobs.auth_forms = {"bearer"}
    report = await patient.is_seen_as_ada()
    assert report.status == 0, report.printed
    assert "sent bearer" in report.on("token")


async def test_a_refused_token(patient: Patient) -> None:
    """A token that the platform refuses is told as that, not as a fault of the set-up."""
    report = await patient.is_seen_by_doctor(
        "--as-attendee", "--event", "demo", typed="canary-of-a-token\n"
    )
    assert report.status == 1
    assert "refused for demo" in report.on("token")
    assert "it refuses the token" in report.on("socket")


@pytest.mark.parametrize(
    ("event", "lock", "told"),
    [("other", False, "does not know the event other"), ("demo", True, "(account_locked)")],
)
async def test_a_token_that_cannot_be_tried(
    patient: Patient, event: str, lock: bool, told: str
) -> None:
    """Another refusal than of the token is told by its own name."""
    token = patient.platform.token_for("ada")
    patient.platform.lock("ada", locked=lock)
    report = await patient.is_seen_by_doctor("--as-attendee", "--event", event, typed=f"{token}\n")
    assert report.status == 1
    assert told in report.on("token")


@asynccontextmanager
async def with_own_certificate(folder: Path) -> AsyncIterator[str]:
    """A TLS server whose certificate nobody but itself has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = folder / "own.pem"
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    file.write_bytes(
        key.private_bytes(encoding, form, serialization.NoEncryption())
        + certificate.public_bytes(encoding)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)

    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0, ssl=context) as server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
