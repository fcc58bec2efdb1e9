"""response_urls: how often, how long, and what each of them can do."""

import json
from typing import Any

import aiohttp
import pytest
from slack_harness import Stage, actions, button, section, stage
from slack_sdk.webhook.async_client import AsyncWebhookClient

from slackbot.sandbox.slack import Fault


async def command(on: Stage) -> dict[str, Any]:
    """The form of a command Ada typed."""
    await on.ada.types("/networking")
    return on.bot.received[-1]


async def click(on: Stage) -> dict[str, Any]:
    """The payload of a button Ada pressed in her DM."""
    await on.client.chat_postMessage(channel=on.dm, text="a", blocks=[actions(button("Go", "go"))])
    (seen,) = await on.ada.sees(where="dm")
    await on.ada.clicks(seen, "Go")
    return on.bot.received[-1]


async def test_five_uses():
    """The sixth use is refused with 404 used_url, as Slack's SDK reports it."""
    async with stage() as on:
        form = await command(on)
        webhook = AsyncWebhookClient(form["response_url"], session=on.http)
        for n in range(5):
            answer = await webhook.send(text=f"answer {n}")
            assert (answer.status_code, answer.body) == (200, "ok")
        answer = await webhook.send(text="one more")
        assert answer.status_code == 404
        assert json.loads(answer.body) == {"ok": False, "error": "used_url"}
        assert len(await on.ada.sees("answer")) == 5


async def test_thirty_minutes():
    """After half an hour, and for an invented address, 404 expired_url."""
    async with stage() as on:
        form = await command(on)
        on.slack.clock.advance(30 * 60 + 1)
        assert await on.respond(form, text="x") == (404, '{"ok":false,"error":"expired_url"}')
        form["response_url"] += "x"
        assert (await on.respond(form, text="x"))[0] == 404


async def test_ephemeral_unless_in_channel():
    """The answer is for the person alone, or with in_channel for everybody there."""
    async with stage() as on:
        form = await command(on)
        await on.respond(form, text="for you")
        await on.respond(form, text="for all", response_type="in_channel")
        assert [s.text for s in await on.ada.sees(where="#general")] == ["for you", "for all"]
        assert [s.text for s in await on.priya.sees()] == ["for all"]


async def test_a_command_has_nothing_to_replace():
    """replace_original on a command's URL posts a new message, and is noted."""
    async with stage() as on:
        on.bot.answers("/networking", "asking")
        form = await command(on)
        await on.respond(form, text="answer", replace_original=True)
        assert [s.text for s in await on.ada.sees()] == ["asking", "answer"]
        assert "does nothing" in on.slack.problems[0].what


async def test_a_button_replaces_its_message():
    """replace_original on a button's URL edits the message, the same ts, a new face."""
    async with stage() as on:
        payload = await click(on)
        await on.respond(payload, text="b", replace_original=True, blocks=[section("done")])
        (seen,) = await on.ada.sees()
        assert (seen.id, seen.text) == (payload["message"]["ts"], "done")
        await on.respond(payload, text="beside")
        assert [s.kind for s in await on.ada.sees()] == ["message", "ephemeral"]
        await on.respond(payload, delete_original=True)
        assert [s.text for s in await on.ada.sees()] == ["beside"]


async def test_an_ephemeral_message_is_replaced_by_its_button():
    """The one way to change an ephemeral message."""
    async with stage() as on:
        on.bot.answers("/networking", {"text": "a", "blocks": [actions(button("Go", "go"))]})
        await command(on)
        (seen,) = await on.ada.sees()
        await on.ada.clicks(seen, "go")
        payload = on.bot.received[-1]
        assert payload["container"]["is_ephemeral"]
        assert "message" not in payload
        await on.respond(payload, text="changed", replace_original=True)
        (seen,) = await on.ada.sees()
        assert (seen.kind, seen.text) == ("ephemeral", "changed")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, "no_text"),
        ({"text": "x", "blocks": [section("")]}, "invalid_blocks"),
        ({"text": "x" * 4001}, "msg_too_long"),
        ({"text": "x", "channel": "C1"}, "invalid_arguments"),
        ({"text": "x", "response_type": "loud"}, "invalid_arguments"),
    ],
)
async def test_checks_what_is_said(body: dict[str, Any], error: str):
    """The same strictness as in the Web API, answered with 400."""
    async with stage() as on:
        status, said = await on.respond(await command(on), **body)
        assert (status, json.loads(said)["error"]) == (400, error)
        assert await on.ada.sees() == []


async def test_wants_a_json_object():
    """Anything but a JSON object is invalid_payload."""
    async with stage() as on:
        url = (await command(on))["response_url"]
        for body in ("text=x", "[]"):
            async with on.http.post(url, data=body) as answer:
                assert (answer.status, (await answer.json())["error"]) == (400, "invalid_payload")


async def test_meets_faults():
    """Faults are ordered under the name response_url."""
    async with stage() as on:
        form = await command(on)
        on.slack.faults.order(Fault("response_url", status=500))
        assert (await on.respond(form, text="x"))[0] == 500
        on.slack.faults.order(Fault("response_url", error="internal_error"))
        assert (await on.respond(form, text="x"))[0] == 400
        for drop in ("before", "after"):
            on.slack.faults.order(Fault("response_url", drop=drop))
            with pytest.raises(aiohttp.ClientError):
                await on.respond(form, text=drop)
        assert [s.text for s in await on.ada.sees()] == ["after"]
