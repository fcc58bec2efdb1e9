"""response_urls: uses, lifetime and effects."""

import json
from typing import Any

import aiohttp
import pytest
from slack_harness import Harness, actions, button, running, section
from slack_sdk.webhook.async_client import AsyncWebhookClient

from slackbot.sandbox.slack import Fault


async def command(here: Harness) -> dict[str, Any]:
    """Type a command as Ada and return its form."""
    await here.ada.types("/networking")
    return here.bot.received[-1]


async def click(here: Harness) -> dict[str, Any]:
    """Press a button in Ada's DM and return the payload."""
    await here.client.chat_postMessage(
        channel=here.dm, text="a", blocks=[actions(button("Go", "go"))]
    )
    (seen,) = await here.ada.sees(where="dm")
    await here.ada.clicks(seen, "Go")
    return here.bot.received[-1]


async def test_five_uses():
    """The sixth use is refused with 404 used_url, as Slack's SDK reports it."""
    async with running() as here:
        form = await command(here)
        webhook = AsyncWebhookClient(form["response_url"], session=here.http)
        for n in range(5):
            answer = await webhook.send(text=f"answer {n}")
            assert (answer.status_code, answer.body) == (200, "ok")
        answer = await webhook.send(text="one more")
        assert answer.status_code == 404
        assert json.loads(answer.body) == {"ok": False, "error": "used_url"}
        assert len(await here.ada.sees("answer")) == 5


async def test_thirty_minutes():
    """After half an hour, or for an unknown secret, the response is 404 expired_url."""
    async with running() as here:
        form = await command(here)
        here.slack.clock.advance(30 * 60 + 1)
        assert await here.respond(form, text="x") == (404, '{"ok":false,"error":"expired_url"}')
        form["response_url"] += "x"
        assert (await here.respond(form, text="x"))[0] == 404


async def test_ephemeral_unless_in_channel():
    """Only the user sees the response; with in_channel everybody in the channel does."""
    async with running() as here:
        form = await command(here)
        await here.respond(form, text="for you")
        await here.respond(form, text="for all", response_type="in_channel")
        assert [s.text for s in await here.ada.sees(where="#general")] == ["for you", "for all"]
        assert [s.text for s in await here.priya.sees()] == ["for all"]


async def test_a_command_has_nothing_to_replace():
    """replace_original on a command's URL posts a new message and is a problem."""
    async with running() as here:
        here.bot.replies("/networking", "asking")
        form = await command(here)
        await here.respond(form, text="answer", replace_original=True)
        assert [s.text for s in await here.ada.sees()] == ["asking", "answer"]
        assert "does nothing" in here.slack.problems[0].what


async def test_a_button_replaces_its_message():
    """replace_original on a button's URL edits the message, whose ts stays."""
    async with running() as here:
        payload = await click(here)
        await here.respond(payload, text="b", replace_original=True, blocks=[section("done")])
        (seen,) = await here.ada.sees()
        assert (seen.id, seen.text) == (payload["message"]["ts"], "done")
        await here.respond(payload, text="beside")
        assert [s.kind for s in await here.ada.sees()] == ["message", "ephemeral"]
        await here.respond(payload, delete_original=True)
        assert [s.text for s in await here.ada.sees()] == ["beside"]


async def test_an_ephemeral_message_is_replaced_by_its_button():
    """Only the response_url of its own button can change an ephemeral message."""
    async with running() as here:
        here.bot.replies("/networking", {"text": "a", "blocks": [actions(button("Go", "go"))]})
        await command(here)
        (seen,) = await here.ada.sees()
        await here.ada.clicks(seen, "go")
        payload = here.bot.received[-1]
        assert payload["container"]["is_ephemeral"]
        assert "message" not in payload
        await here.respond(payload, text="changed", replace_original=True)
        (seen,) = await here.ada.sees()
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
    """Content is validated as in the Web API, and refused with status 400."""
    async with running() as here:
        status, said = await here.respond(await command(here), **body)
        assert (status, json.loads(said)["error"]) == (400, error)
        assert await here.ada.sees() == []


async def test_wants_a_json_object():
    """Anything but a JSON object is refused with invalid_payload."""
    async with running() as here:
        url = (await command(here))["response_url"]
        for body in ("text=x", "[]"):
            async with here.http.post(url, data=body) as answer:
                assert (answer.status, (await answer.json())["error"]) == (400, "invalid_payload")


async def test_meets_faults():
    """Faults for the method response_url apply."""
    async with running() as here:
        form = await command(here)
        here.slack.faults.order(Fault("response_url", status=500))
        assert (await here.respond(form, text="x"))[0] == 500
        here.slack.faults.order(Fault("response_url", error="internal_error"))
        assert (await here.respond(form, text="x"))[0] == 400
        for drop in ("before", "after"):
            here.slack.faults.order(Fault("response_url", drop=drop))
            with pytest.raises(aiohttp.ClientError):
                await here.respond(form, text=drop)
        assert [s.text for s in await here.ada.sees()] == ["after"]
