"""Slack's endpoint: signatures, sizes, malformed requests, repeated events."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from urllib.parse import urlencode

import pytest

from slackbot.sandbox.slack.signing import signed, stale_signed, wrongly_signed

from .conftest import LogLines, Mission, Start, rows_of, until

PATH = "/slack/events"
SECRET_WORD = "a-word-that-no-log-may-hold"
BODY = urlencode({"command": "/networking", "text": SECRET_WORD, "user_id": "U0ADA"})


async def raw(mission: Mission, head: bytes, body: bytes = b"") -> bytes:
    """Send raw bytes and return the status line."""
    host, _, port = mission.bot_url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(head + b"Connection: close\r\n\r\n" + body)
    await writer.drain()
    async with asyncio.timeout(5):
        status = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return status.strip()


def post(headers: list[tuple[bytes, bytes]], length: int) -> bytes:
    lines = [b"POST /slack/events HTTP/1.1", b"Host: x", b"Content-Length: %d" % length]
    lines += [name + b": " + value for name, value in headers]
    return b"\r\n".join(lines) + b"\r\n"


TIME, SIGNATURE = b"X-Slack-Request-Timestamp", b"X-Slack-Signature"


def headers_of(mission: Mission, body: str) -> dict[str, str]:
    return signed(body, mission.slack.signing_secret)


# --- not signed ----------------------------------------------------------------------------------


async def test_unsigned_requests_are_refused(
    mission: Mission, log_lines: LogLines, caplog: pytest.LogCaptureFixture
) -> None:
    """No signature, a wrong one, a stale one, one of the future: 401, and nothing is stored."""
    secret = mission.slack.signing_secret
    good = headers_of(mission, BODY)
    stamp, signature = good["x-slack-request-timestamp"], good["x-slack-signature"]
    refused: list[dict[str, str]] = [
        {},
        {"x-slack-request-timestamp": stamp},
        {"x-slack-signature": signature},
        wrongly_signed(BODY),
        stale_signed(BODY, secret),
        stale_signed(BODY, secret, seconds=-6 * 60),
        headers_of(mission, BODY + "x"),
        good | {"x-slack-request-timestamp": "abc"},
        good | {"x-slack-request-timestamp": ""},
        good | {"x-slack-request-timestamp": "9" * 40},
        good | {"x-slack-request-timestamp": "-1"},
        good | {"x-slack-request-timestamp": "1e9"},
        good | {"x-slack-signature": "v0=" + "0" * 63},
        good | {"x-slack-signature": signature.upper()},
        good | {"x-slack-signature": signature.removeprefix("v0=")},
    ]
    for headers in refused:
        answer = await mission.ada.send_raw(PATH, BODY, headers)
        assert (answer.status, answer.body) == (401, "")
    assert await mission.ada.sees() == []
    assert SECRET_WORD not in json.dumps(log_lines, default=str) + caplog.text


async def test_malformed_headers_are_refused(
    mission: Mission, caplog: pytest.LogCaptureFixture
) -> None:
    """Bytes beyond ASCII, a repeated header: 401, never a crash."""
    good = headers_of(mission, BODY)
    stamp = good["x-slack-request-timestamp"].encode()
    signature = good["x-slack-signature"].encode()
    body = BODY.encode()
    for headers in (
        [(TIME, "１７０".encode()), (SIGNATURE, signature)],
        [(TIME, stamp), (SIGNATURE, b"v0=\xff\xfe" + signature)],
        [(TIME, stamp), (TIME, stamp), (SIGNATURE, signature)],
        [(TIME, stamp), (SIGNATURE, signature), (SIGNATURE, b"v0=" + b"0" * 64)],
    ):
        assert b" 401" in await raw(mission, post(headers, len(body)), body)
    form = (b"Content-Type", b"application/x-www-form-urlencoded")
    head = post([(TIME, stamp), (SIGNATURE, signature), form], len(body))
    assert b" 401" not in await raw(mission, head, body)
    caplog.clear()  # Bolt calls a request without a workspace an error


async def test_other_methods_sizes_and_paths(mission: Mission) -> None:
    """Only POST, up to the size limit, at the one path."""
    for method in (b"GET", b"HEAD", b"PUT", b"DELETE", b"OPTIONS"):
        assert b" 405" in await raw(mission, method + b" /slack/events HTTP/1.1\r\nHost: x\r\n")
    stamp = signed("", "x")["x-slack-request-timestamp"].encode()
    headers = [(TIME, stamp), (SIGNATURE, b"v0=" + b"0" * 64)]
    big = b"x" * 1_000_001
    assert b" 413" in await raw(mission, post(headers, len(big)), big)
    assert b" 404" in await raw(mission, b"GET / HTTP/1.1\r\nHost: x\r\n")
    assert b" 404" in await raw(mission, b"GET /metrics HTTP/1.1\r\nHost: x\r\n")
    assert b" 200" in await raw(mission, b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
    await mission.link("ada")  # by then the bot is ready
    assert b" 200" in await raw(mission, b"GET /readyz HTTP/1.1\r\nHost: x\r\n")


async def test_nothing_is_redirected(mission: Mission) -> None:
    """A path that is not quite one of ours is 404, whatever host it names."""
    paths = (b"/healthz/", b"/readyz/", b"/slack", b"/slack/events/", b"//healthz", b"/call/")
    for path in paths:
        head = b"GET " + path + b" HTTP/1.1\r\nHost: evil.example\r\n"
        assert (await raw(mission, head)).split()[1] in {b"404", b"405"}, path


# --- signed, and still not as it should be -------------------------------------------------------


async def send(mission: Mission, body: str, kind: str) -> int | None:
    """Send a signed request with this body."""
    answer = await mission.ada.send_raw(PATH, body, headers_of(mission, body), content_type=kind)
    assert answer.error != "operation_timeout"
    assert "Traceback" not in answer.body
    return answer.status


FORM, JSON = "application/x-www-form-urlencoded", "application/json"


def malformed() -> list[tuple[str, str]]:
    """Return payloads of every kind with a missing or mistyped field."""
    actions: list[object] = [
        {},
        {"user": {"id": "U0ADA"}},
        {"user": {"id": "U0ADA", "team_id": "T0DEMO"}, "actions": []},
        {"user": {"id": "U0ADA"}, "team": {"id": "T0DEMO"}, "actions": [{"action_id": "join:1"}]},
        {"user": None, "team": {"id": "T0DEMO"}, "actions": [{"action_id": None}]},
        {"user": {"id": 7}, "team": {"id": "T0DEMO"}, "actions": "all", "container": []},
    ]
    bodies = [urlencode({"payload": json.dumps({"type": "block_actions", **a})}) for a in actions]
    views: list[object] = [
        {},
        {"callback_id": "connect"},
        {
            "callback_id": "connect",
            "id": "V1",
            "state": {"values": {"event": None}},
            "private_metadata": "nonsense",
        },
    ]
    for view in views:
        submission = {"type": "view_submission", "team": {"id": "T0DEMO"}, "view": view}
        bodies.append(urlencode({"payload": json.dumps(submission)}))
        person = {"user": {"id": "U0ADA", "team_id": "T0DEMO"}}
        bodies.append(urlencode({"payload": json.dumps(submission | person)}))
    bodies += [
        "",
        "payload=",
        "payload=%7B",
        "payload=%5B1%5D",
        "payload=null",
        urlencode({"command": "/networking"}),
        urlencode({"command": "/networking", "team_id": "T0DEMO"}),
        urlencode({"command": "/networking", "team_id": "T0DEMO", "user_id": "U0ADA"}),
        urlencode({"command": "/other", "team_id": "T0DEMO", "user_id": "U0ADA", "text": "x"}),
        urlencode({"payload": json.dumps({"type": "unheard_of", "team": {"id": "T0DEMO"}})}),
    ]
    events: list[object] = [
        {},
        [],
        None,
        {"type": "event_callback"},
        {"type": "event_callback", "team_id": "T0DEMO", "event": {}},
        {"type": "event_callback", "team_id": "T0DEMO", "event": {"type": "app_home_opened"}},
        {
            "type": "event_callback",
            "team_id": "T0DEMO",
            "event_id": "Ev1",
            "event": {"type": "app_home_opened", "tab": "home"},
        },
        {"type": "event_callback", "team_id": "T0DEMO", "event": {"type": "app_uninstalled"}},
        {
            "type": "event_callback",
            "team_id": "T0DEMO",
            "event_id": "Ev2",
            "event": {"type": "tokens_revoked", "tokens": None},
        },
        {"type": "url_verification"},
    ]
    return [(body, FORM) for body in bodies] + [
        *((json.dumps(event), JSON) for event in events),
        ("{", JSON),
        ("\ufeff{}", JSON),
        ("x" * 1000, "text/plain"),
    ]


async def test_malformed_payloads_crash_nothing(
    mission: Mission, log_lines: LogLines, caplog: pytest.LogCaptureFixture
) -> None:
    """A signed malformed request is never a 500, logs no traceback, and stops nothing."""
    for body, kind in malformed():
        status = await send(mission, body, kind)
        assert status is not None
        assert status < 500, (body, status)
    assert "nonsense" not in json.dumps(log_lines, default=str)
    caplog.clear()  # Bolt's own complaints
    ada = await mission.link("ada")
    assert "Networking now" in (await mission.ask(ada, "/networking sessions")).text


async def test_the_challenge_is_answered_when_signed(mission: Mission) -> None:
    """Slack's check of the URL gets its challenge back, if it is signed."""
    body = json.dumps({"type": "url_verification", "challenge": "c-1", "token": "t"})
    headers = headers_of(mission, body)
    answer = await mission.ada.send_raw(PATH, body, headers, content_type=JSON)
    assert answer.status == 200
    assert "c-1" in answer.body
    answer = await mission.ada.send_raw(PATH, body, wrongly_signed(body), content_type=JSON)
    assert (answer.status, answer.body) == (401, "")


# --- events --------------------------------------------------------------------------------------


async def test_an_event_is_handled_once(mission: Mission) -> None:
    """A repeated delivery is recognised by its id, and acknowledged."""
    ada = await mission.link("ada")
    dm = mission.slack.workspace.dm(ada.id)
    for retry in (None, 1, 2, 3):
        answer = await ada.event(
            "app_home_opened", event_id="Ev0ONE", retry_num=retry, channel=dm.id, tab="home"
        )
        assert answer.ok
    await ada.waits_for("You're not available", where="home")
    assert (await ada.event("app_home_opened", event_id="Ev0TWO", channel=dm.id, tab="home")).ok
    await until(lambda: mission.slack_calls("views.publish") >= 2)
    assert mission.slack_calls("views.publish") == 2


@pytest.mark.parametrize("kind", ["app_uninstalled", "tokens_revoked"])
async def test_an_uninstalled_app_forgets_the_workspace(
    start: Start, tmp_path: Path, kind: str
) -> None:
    """Links, availabilities and matches of everybody there are deleted, and feeds end."""
    mission = await start(database_url=f"sqlite:///{tmp_path}/slackbot.db")
    people = [await mission.link("ada"), await mission.link("priya")]
    for person in people:
        await mission.ask(person, "/networking available 11645")
        await person.waits_for("You're available")
    await people[0].waits_for("matched with", where="dm")
    await mission.ask(people[0], "/networking available 11645")
    fields = {"user": None} | ({"tokens": {"bot": ["B"]}} if kind == "tokens_revoked" else {})
    assert (await people[0].event(kind, **fields)).ok
    await until(lambda: not sum(rows_of(tmp_path, person.id) for person in people))
    await mission.platform.disconnected("ada")
    await mission.platform.disconnected("priya")
    for person in people:
        assert "First, connect" in (await mission.ask(person, "/networking status")).text
    posts = mission.slack_calls("chat.postMessage")
    await mission.platform.pair("ada", "priya")
    assert "First, connect" in (await mission.ask(people[0], "/networking matches")).text
    assert mission.slack_calls("chat.postMessage") == posts


async def test_a_revoked_user_token_deletes_nothing(mission: Mission) -> None:
    """Only the bot's own tokens mean that the app was removed."""
    ada = await mission.link("ada")
    assert (await ada.event("tokens_revoked", tokens={"oauth": ["U0ADA"]}, user=None)).ok
    assert "Connected to demo" in (await mission.ask(ada, "/networking status")).text
