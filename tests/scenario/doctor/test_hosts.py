"""`slackbot doctor` names what is wrong with Slack or the platform's API."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.types import ASGIApp

from slackbot.sandbox.serving import serving

from .installation import Installation
from .peers import answers, silent

NOWHERE = "http://127.0.0.1:1"
HOSTS = {"slack": "SLACK_API_URL", "accelevents": "ACCELEVENTS_API_URL"}
each_host = pytest.mark.parametrize("host", HOSTS)


# --- Slack's own refusals ---


async def test_a_wrong_bot_token(installation: Installation) -> None:
    """A token that Slack does not know is reported with Slack's error code."""
    wrong = "xoxb-000000000000-000000000000-AbCdEf"
    report = await installation.run_doctor(SLACK_BOT_TOKEN=wrong)
    assert report.status == 1
    assert "it refuses the token (invalid_auth)" in report.on("slack")
    assert "OAuth & Permissions" in report.on("slack")
    assert wrong not in report.printed


async def test_a_revoked_bot_token(installation: Installation) -> None:
    """A token of an app that was removed differs from a wrong one."""
    installation.slack.workspace.state = "token_revoked"
    report = await installation.run_doctor()
    assert report.status == 1
    assert "token_revoked" in report.on("slack")


async def test_a_token_of_a_whole_organisation(installation: Installation) -> None:
    """Slack accepts it, and it serves nobody: doctor says which one to use."""
    installation.slack.workspace.org_wide = True
    report = await installation.run_doctor()
    assert report.status == 1
    assert "whole organisation's" in report.on("slack")
    assert "install the app in that workspace" in report.on("slack")


async def test_missing_scopes(installation: Installation) -> None:
    """Each missing scope is named."""
    installation.slack.workspace.scopes -= {"chat:write", "im:write"}
    report = await installation.run_doctor()
    assert report.status == 1
    assert "missing: chat:write, im:write" in report.on("slack scopes")
    assert report.on("slack").startswith("ok")


async def test_scopes_that_the_bot_can_do_without(installation: Installation) -> None:
    """They are a warning, which says what does not work."""
    installation.slack.workspace.scopes -= {"im:history", "app_mentions:read"}
    report = await installation.run_doctor()
    assert report.status == 0
    assert report.on("slack scopes").startswith("warning")
    assert "im:history (direct messages to it are not answered" in report.on("slack scopes")
    assert "app_mentions:read (mentions of it are not answered)" in report.on("slack scopes")
    installation.slack.workspace.scopes -= {"im:write"}
    assert "missing: im:write, im:history" in (await installation.run_doctor()).on("slack scopes")


async def test_the_app_level_token(installation: Installation) -> None:
    """It is tried as the bot does it; a wrong one and a bot token are named."""
    slack = installation.slack
    report = await installation.run_doctor(SLACK_APP_TOKEN=slack.app_token)
    assert report.on("app token").startswith("ok")
    report = await installation.run_doctor(SLACK_APP_TOKEN="xapp-1-A0-000000000000-AbCdEf")
    assert report.status == 1
    assert "it refuses the token (invalid_auth) → set SLACK_APP_TOKEN" in report.on("app token")
    assert (await installation.run_doctor()).on("app token") == ""


async def test_an_answer_that_the_bot_cannot_read(installation: Installation) -> None:
    """The platform is asked with the bot's own client: a header beyond its limit is a failure."""
    for size, problem in ((20_000, ""), (40_000, "a header of more than 32 KiB")):
        peer = answers(401, "{}", "application/json", **{"X-Long": "x" * size})
        async with serving(peer) as url:
            report = await installation.run_doctor(ACCELEVENTS_API_URL=url)
        assert problem in report.on("accelevents")
        assert report.on("accelevents").startswith("failure" if problem else "ok")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (answers(429, '{"ok":false,"error":"ratelimited"}', "application/json"), "limits our rate"),
        (answers(503, "", "text/plain"), "it fails (503)"),
        (answers(302, "", location="https://example.com/"), "it redirects"),
        (answers(200, "up", "text/plain"), "no API"),
        (answers(200, "[]", "application/json"), "no API"),
        (answers(200, "{", "application/json"), "no API"),
    ],
    ids=["limited", "fails", "moved", "text", "list", "broken"],
)
async def test_odd_answers_of_slack(
    installation: Installation, answer: ASGIApp, message: str
) -> None:
    """Whatever answers in Slack's place is named."""
    async with serving(answer) as url:
        report = await installation.run_doctor(SLACK_API_URL=url)
    assert message in report.on("slack")


async def test_the_scope_for_swapping_contacts(installation: Installation) -> None:
    """It is missed only if people can swap contacts, who do without a conversation then."""
    assert "mpim:write" not in (await installation.run_doctor()).on("slack scopes")
    installation.environment["CONTACT_SWAP"] = "on"
    report = await installation.run_doctor()
    assert "mpim:write (two people who swap contacts hear of it apart" in report.on("slack scopes")


async def test_scopes_that_are_not_sent(installation: Installation) -> None:
    """An answer without the scopes' header is a warning, since nothing is known to be missing."""
    known = '{"ok":true,"team":"Demo \\u001b[31mWorkspace","team_id":"T1","user":"networking"}'
    async with serving(answers(200, known, "application/json")) as url:
        report = await installation.run_doctor(SLACK_API_URL=url)
    assert report.status == 0
    assert report.on("slack scopes").startswith("warning")
    assert "\x1b" not in report.printed


# --- hosts that are not there, or are others ---


@each_host
async def test_nothing_listens(installation: Installation, host: str) -> None:
    """A refused connection is named, with the variable that holds the address."""
    report = await installation.run_doctor(**{HOSTS[host]: NOWHERE})
    assert report.status == 1
    assert f"nothing listens at that host and port (connection refused) → check {HOSTS[host]}" in (
        report.on(host)
    )


@each_host
async def test_no_such_host(installation: Installation, host: str) -> None:
    """A name that cannot be resolved is named."""
    report = await installation.run_doctor(**{HOSTS[host]: "https://no..name"})
    assert report.status == 1
    assert "the host's name is not known" in report.on(host)


@each_host
async def test_a_web_page(installation: Installation, host: str) -> None:
    """A web site in place of the API is named."""
    async with serving(answers()) as url:
        report = await installation.run_doctor(**{HOSTS[host]: url})
    assert report.status == 1
    assert f"(200) is a web page or the like, no API → check {HOSTS[host]}" in report.on(host)


@each_host
async def test_no_tls_there(installation: Installation, host: str) -> None:
    """HTTPS to a port that websocket HTTP is named."""
    async with serving(answers()) as url:
        report = await installation.run_doctor(**{HOSTS[host]: url.replace("http", "https")})
    assert report.status == 1
    assert "TLS fails" in report.on(host)


@each_host
async def test_an_untrusted_certificate(
    installation: Installation, host: str, tmp_path: Path
) -> None:
    """A certificate that no authority has signed is named."""
    async with self_signed_server(tmp_path) as url:
        report = await installation.run_doctor(**{HOSTS[host]: url})
    assert report.status == 1
    assert "its TLS certificate is not trusted" in report.on(host)


async def test_an_authority_of_ones_own(installation: Installation, tmp_path: Path) -> None:
    """SSL_CERT_FILE is honoured for Slack, the platform and the socket alike."""
    async with self_signed_server(tmp_path) as url:
        addresses = dict.fromkeys((*HOSTS.values(), "ACCELEVENTS_SOCKET_URL"), url)
        unknown = await installation.run_in_process(**addresses)
        known = await installation.run_in_process(
            **addresses, SSL_CERT_FILE=str(tmp_path / "own.pem")
        )
    assert unknown.stdout.count("its TLS certificate is not trusted") == 3
    assert known.stdout.count("the line was cut before an answer") == 3


@each_host
async def test_no_answer(installation: Installation, host: str) -> None:
    """A host that takes the request and stays silent is named when the time is up."""
    async with serving(silent) as url:
        report = await installation.run_doctor("--timeout", "1.5", **{HOSTS[host]: url})
    assert report.status == 1
    assert "no answer in time" in report.on(host)


# --- the platform's own answers ---


@pytest.mark.parametrize(
    ("answer", "grade", "message"),
    [
        (answers(302, "", location="https://example.com/"), "failure", "it redirects"),
        (answers(502), "failure", "it fails (502)"),
        (answers(404), "failure", "(404) is a web page"),
        (answers(404, '{"message":"nothing"}', "application/json"), "warning", "it answers 404"),
        (answers(403), "warning", "forbids (403)"),
        (answers(429), "warning", "limits our rate"),
        (answers(200, '{"data":[]}', "application/json"), "ok", "the API answers"),
        (answers(200, "[" + " " * 70_000 + "]", "application/json"), "ok", "the API answers"),
    ],
    ids=["moved", "fails", "page", "path", "forbids", "limits", "open", "large"],
)
async def test_answers_of_the_api(
    installation: Installation, answer: ASGIApp, grade: str, message: str
) -> None:
    """Whatever answers in the API's place is named."""
    async with serving(answer) as url:
        report = await installation.run_doctor(ACCELEVENTS_API_URL=url)
    assert report.on("accelevents").startswith(grade)
    assert message in report.on("accelevents")


@pytest.mark.parametrize("event", ["", "expo"])
async def test_an_unknown_event(installation: Installation, event: str) -> None:
    """An event of the settings that the platform does not know is named."""
    body = '{"errorCode":4040200,"message":"Event not found"}'
    async with serving(answers(404, body, "application/json")) as url:
        report = await installation.run_doctor(ACCELEVENTS_API_URL=url, ACCELEVENTS_EVENT=event)
    message = "it does not know the event expo" if event else "the API answers"
    assert message in report.on("accelevents")


# --- an attendee's token ---


async def test_an_attendees_token(installation: Installation) -> None:
    """A good token is accepted by the API and by the socket, and shown nowhere."""
    report = await installation.run_doctor_as_ada()
    assert report.status == 0, report.printed
    assert "accepted for demo, sent bare" in report.on("token")
    assert report.on("socket").endswith("connects")


async def test_a_token_sent_the_other_way(installation: Installation) -> None:
    """The way in which the token has to be sent is found and reported."""
    installation.platform.knobs.auth_forms = {"bearer"}
    report = await installation.run_doctor_as_ada()
    assert report.status == 0, report.printed
    assert "sent bearer" in report.on("token")


async def test_a_refused_token(installation: Installation) -> None:
    """A refused token is reported as that, not as a fault of the installation."""
    report = await installation.run_doctor(
        "--as-attendee", "--event", "demo", typed="canary-of-a-token\n"
    )
    assert report.status == 1
    assert "refused for demo" in report.on("token")
    assert "it refuses the token" in report.on("socket")


@pytest.mark.parametrize(
    ("event", "lock", "message"),
    [("other", False, "does not know the event other"), ("demo", True, "(account_locked)")],
)
async def test_a_token_that_cannot_be_tried(
    installation: Installation, event: str, lock: bool, message: str
) -> None:
    """A refusal for another reason than the token is reported by its own code."""
    token = installation.platform.token_for("ada")
    installation.platform.lock("ada", locked=lock)
    report = await installation.run_doctor("--as-attendee", "--event", event, typed=f"{token}\n")
    assert report.status == 1
    assert message in report.on("token")


@asynccontextmanager
async def self_signed_server(folder: Path) -> AsyncIterator[str]:
    """Serve TLS with a self-signed certificate."""
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
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
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
