"""Secrets planted in every input are found encrypted in the database and nowhere else."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Literal, cast

import pytest
import structlog

from slackbot.sandbox.slack import User
from slackbot.sandbox.slack.payloads import command
from slackbot.sandbox.slack.signing import signed, stale_signed, wrongly_signed
from slackbot.slack import error_texts
from tests.fuzz import slack_payloads as payloads

from .planted import LIBRARIES, Planted, planted

SESSION = 11645


@pytest.fixture(params=["json", "console"])
async def canaries(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Planted]:
    """A mission that logs everything, in either format."""
    form = cast("Literal['console', 'json']", request.param)
    async with planted(tmp_path, form) as made:
        yield made


def nothing_found(canaries: Planted) -> None:
    """Search everything, including secrets that Slack handed out meanwhile."""
    canaries.plant_tickets()
    found = canaries.found()
    assert not found, "\n".join(found)
    assert canaries.log.getvalue()


def secrets_of(canaries: Planted) -> dict[str, str]:
    """Return a new secret of every kind that people have."""
    platform = canaries.mission.platform
    made = {
        "token": platform.token_for("ada"),
        "user key": platform.user_key_for("ada"),
        "web token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJlLW9mLWFkYQ",
        "hex token": "c0ffee1234567890deadbeef00112233",
    }
    return {name: canaries.plant(name, secret) for name, secret in made.items()}


async def test_a_whole_mission(canaries: Planted) -> None:
    """Linking both ways, a session, a match, a late match, leaving: nothing leaks."""
    mission, platform = canaries.mission, canaries.mission.platform
    ada = await mission.link("ada", canaries.plant("token", platform.token_for("ada")))
    key = canaries.plant("user key", platform.user_key_for("priya"))
    await mission.link("priya", platform.magic_link(key))
    for token in list(platform.people._tokens):
        canaries.plant("token", token)
    for text in ("sessions", f"join {SESSION}", f"available {SESSION}", "status", ""):
        await mission.ask(ada, f"/networking {text}".strip())
    await platform.pair("ada", "priya")
    await ada.waits_for("You're matched with", where="dm")
    await platform.restart_sockets(60)
    await platform.disconnected("ada")
    await platform.pair("ada", "priya")
    await mission.ask(ada, "/networking pause")
    await mission.ask(ada, "/networking matches")
    await ada.opens_home()
    nothing_found(canaries)
    with closing(sqlite3.connect(canaries.folder / "bot.db")) as database:
        sealed = database.execute("SELECT token_sealed FROM links").fetchall()
        calls = database.execute("SELECT call_sealed FROM matches").fetchall()
    assert len(sealed) == 2
    assert any(call for (call,) in calls)
    assert all(value.startswith("v2.") for (value,) in [*sealed, *calls] if value)


FORMS = (
    *("connect {}", "{}", "join {}", "available {}", "connect demo {}", "status {}", "sessions {}"),
    *("Connect `{}`", '"{}"', "<{}>", "connect token={}", "help\n{}"),
    *("connect https://x.example/e/demo/portal?userKey={}", "Bearer {}", "disconnectt {}"),
)


async def test_typed_after_a_command(canaries: Planted) -> None:
    """A secret typed after the command, in any form, is neither stored nor repeated."""
    mission = canaries.mission
    mission.platform.session(SESSION).title = "Coffee"
    await mission.link("priya")
    for secret in secrets_of(canaries).values():
        for person in (mission.ada, mission.priya):
            for form in FORMS:
                await mission.ask(person, f"/networking {form.format(secret)}")
    nothing_found(canaries)


async def submitted(person: User, event: str, credential: str) -> None:
    """Return a submission of the form."""
    await person.types("/networking connect")
    form = await person.waits_for("Event link", where="modal")
    await person.submits(form, {"event": event, "credential": credential})


async def test_typed_into_the_form(canaries: Planted) -> None:
    """Refused, in the wrong field, broken, or too slow: nothing leaks from the form."""
    mission = canaries.mission
    for secret in secrets_of(canaries).values():
        for event, credential in (
            (secret, secret),
            (f"https://x.example/e/{secret}", secret),
            ("demo", f"{secret} 0{secret}"),
            ("nosuchevent", f"Bearer {secret}x"),
            ("demo", f"https://x.example/e/demo?other={secret}"),
        ):
            await submitted(mission.ada, event, credential)
            await mission.ada.closes()
    nothing_found(canaries)


async def test_a_slow_form_keeps_the_token_to_itself(canaries: Planted) -> None:
    """Only the submitted form, refilled after a failure, shows the token again."""
    mission = canaries.mission
    secret = canaries.plant("typed", "Zk3_qP-9wXyTr5LmN8vB2cD7-typed-by-ada")
    mission.platform.delay(2.2)
    await submitted(mission.ada, "demo", secret)
    form = await mission.ada.waits_for("Accelevents doesn't accept", where="modal")
    assert form.blocks
    canaries.plant_tickets()
    assert canaries.found() == ["typed 3 in view"]
    (refilled,) = [c for c in mission.slack.calls if secret in json.dumps(c.args)]
    assert refilled.method == "views.update"


async def test_in_buttons_and_events(canaries: Planted) -> None:
    """A secret in an action id, a value, a form's pending command or an event does not leak."""
    mission = canaries.mission
    ada = await mission.link("ada")
    for secret in secrets_of(canaries).values():
        for action_id in (f"join:{secret}", f"link:{secret}", "link:open", "link:help", secret):
            pressed = payloads.press(ada.id, action_id, f"join {secret}", "")
            pressed["trigger_id"] = mission.slack.triggers.mint("T0DEMO", ada.id)
            await ada._transport.interaction(pressed)
        pending = json.dumps({"command": f"join {secret}", "response_url": "", "is_prompt": True})
        await ada._transport.interaction(payloads.submission(ada.id, pending, "demo", f"{secret}x"))
        for kind in ("app_home_opened", "tokens_revoked", "message", "whatever"):
            await ada.event(kind, text=secret, tab="home", tokens={"oauth": [secret]}, x=secret)
        await ada.event(secret, event_id=None)
    nothing_found(canaries)


async def test_in_accelevents_answers(canaries: Planted) -> None:
    """Errors that quote the token, broken bodies and unknown events do not leak."""
    mission, platform = canaries.mission, canaries.mission.platform
    ada = await mission.link("ada")
    await mission.ask(ada, f"/networking available {SESSION}")
    await platform.connected("ada")
    for number, secret in enumerate(secrets_of(canaries).values()):
        for status in (401, 406) if number else (400, 401, 403, 404, 406, 409, 429, 500):
            body = json.dumps({"message": f"bad token {secret}", "token": secret, "x": [secret]})
            platform.next_status(status, times=3, body=body, path="/rest")
            await mission.ask(ada, "/networking sessions")
            platform.faults.clear()
            await mission.disconnect(ada)
            await mission.link("ada")
        await mission.ask(ada, f"/networking available {SESSION}")
        await platform.connected("ada")
        for secret_event in (
            {"JoinToken": secret, "Meeting": {"MeetingId": secret}, "userIdOfMatch": 1},
            {"Attendee": {"JoinToken": secret, "AttendeeId": secret}, "fullName": 7},
            {"chat": secret},
            secret,
        ):
            await platform.emit("ada", secret_event)
    await mission.ask(ada, "/networking status")
    nothing_found(canaries)


async def test_in_refused_requests(canaries: Planted) -> None:
    """Wrong and old signatures, and unreadable bodies, are logged without their content."""
    mission = canaries.mission
    ada = mission.ada
    general = ada.workspace.by_name("general")
    assert general is not None
    for secret in secrets_of(canaries).values():
        form = command(ada._actor, general, "/networking", f"connect {secret}")
        for body in (json.dumps(form | {"token": secret}), f"text={secret}", f"{{{secret}", "[]"):
            good = mission.slack.signing_secret
            for headers in ({}, wrongly_signed(body), stale_signed(body, good)):
                answer = await ada.send_raw("/slack/events", body, {**headers, "x-y": secret})
                assert answer.status == 401
            well_signed = signed(body, mission.slack.signing_secret)
            await ada.send_raw("/slack/events", body, well_signed, content_type="application/json")
            await ada.send_raw(f"/slack/{secret}?token={secret}", body, {"x-y": secret})
    nothing_found(canaries)


async def test_in_exceptions_and_library_loggers(canaries: Planted) -> None:
    """A defect while linking, and libraries that log everything, leak nothing."""
    mission = canaries.mission
    token = canaries.plant("token", mission.platform.token_for("ada"))
    with closing(sqlite3.connect(canaries.folder / "bot.db")) as database:
        database.execute("ALTER TABLE links RENAME TO gone")
        database.commit()
        await mission.ada.types("/networking status")
        await submitted_to_nothing(mission.ada, token)
        database.execute("ALTER TABLE gone RENAME TO links")
        database.commit()
    assert "OperationalError: " in canaries.log.getvalue()
    assert error_texts.AT_FIELD["defect"]
    for name in LIBRARIES:
        for secret in canaries.secrets.values():
            say(logging.getLogger(name), secret)
            say(structlog.get_logger("slackbot.anything"), secret)
    nothing_found(canaries)


async def submitted_to_nothing(person: User, token: str) -> None:
    """Return a submission while the database has no tables."""
    answer = await person._transport.interaction(payloads.submission(person.id, "", "demo", token))
    assert "my side" in answer.body


def say(logger: logging.Logger, secret: str) -> None:
    """Log at every level, as libraries do."""
    try:
        {}[secret]
    except KeyError:
        for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
            logger.log(level, f"sent {secret} and headers", exc_info=True)  # noqa: G004
