"""The sandbox by HTTP alone: dials, and people driven with curl."""

from typing import Any

import pytest
from slack_harness import Stage, actions, button, modal, plain, section, stage, typed
from slack_sdk.errors import SlackApiError

CARD = actions(
    button("Connect", "connect"),
    {
        "type": "static_select",
        "action_id": "menu",
        "options": [{"text": plain("One"), "value": "1"}],
    },
)


async def turn(stage_: Stage, dial: str, **given: Any) -> Any:
    async with stage_.http.post(f"{stage_.url}/_sandbox/{dial}", json=given) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def look(on: Stage, path: str) -> Any:
    async with on.http.get(f"{on.url}/_sandbox/{path}") as answer:
        assert answer.status == 200
        return await answer.json()


async def test_faults_and_limits():
    """Faults, limits and the clock are set and taken back."""
    async with stage() as on:
        assert await turn(on, "fault", method="auth.test", times=2, error="fatal_error") == {
            "orders": 1
        }
        with pytest.raises(SlackApiError, match="fatal_error"):
            await on.client.auth_test()
        await turn(on, "calm")
        assert (await on.client.auth_test())["ok"]
        assert await turn(on, "rates", on=False, per_minute={"auth.test": 1}) == {"on": False}
        await turn(on, "rates", channel_seconds=0.5)
        assert (
            on.slack.rate_limits.per_minute["auth.test"],
            on.slack.rate_limits.channel_seconds,
        ) == (1, 0.5)
        before = on.slack.clock.now()
        assert (await turn(on, "clock", advance=100))["now"] >= before + 100


async def test_scopes_and_tokens():
    """Scopes come and go, a token can be revoked and given back."""
    async with stage() as on:
        left = await turn(on, "scopes", add=["im:history"], remove=["chat:write"])
        assert left == ["commands", "im:history", "im:write", "users:read"]
        await turn(on, "token", state="token_revoked")
        assert on.slack.workspace.state == "token_revoked"
        await turn(on, "token", state="active", team="T0DEMO")
        assert (await on.client.auth_test())["ok"]


async def test_workspaces_and_people():
    """Another workspace with its own token, and people in it."""
    async with stage() as on:
        made = await turn(on, "workspaces", team="T0NEW", name="New")
        assert (await on.client.auth_test(token=made["token"]))["team"] == "New"
        sam = await turn(on, "people", team="T0NEW", name="sam", tz="America/New_York")
        assert sam["id"] == "U0SAM"
        assert (await turn(on, "people", team="T0NEW", name="sam", deleted=True))["deleted"]
        assert await look(on, "seen/sam?team=T0NEW") == []


async def test_drives_a_person():
    """Typing, clicking, filling in and closing by HTTP, and looking at the screen."""
    async with stage() as on:
        await turn(on, "bot", url=on.bot_url)
        on.bot.answers("/networking", {"text": "a", "blocks": [section("*Hello*"), CARD]})
        answer = await turn(on, "type", user="ada", text="/networking", channel="dm")
        assert (answer["status"], answer["error"]) == (200, None)
        (seen,) = await look(on, "seen/ada")
        assert (seen["text"], seen["buttons"][0]["text"]) == ("Hello", "Connect")

        async def open_it(payload: dict[str, Any]) -> None:
            view = modal(typed("Name", "name"))
            await on.client.views_open(trigger_id=payload["trigger_id"], view=view)

        on.bot.on["block_actions"] = open_it
        await turn(on, "click", user="ada", button="Connect")
        assert (await look(on, "seen/ada"))[-1]["fields"] == ["Name"]
        await turn(on, "submit", user="ada", values={"Name": "Ada"})
        assert len(await look(on, "seen/ada")) == 1
        await turn(on, "click", user="ada", button="Connect", id=seen["id"])
        assert await turn(on, "close", user="ada") == {}
        await turn(on, "choose", user="ada", menu="menu", option="One", id=seen["id"])
        await turn(on, "home", user="ada")
        assert on.bot.received[-1]["event"]["type"] == "app_home_opened"


async def test_lists_calls_and_problems():
    """Every call and every silent refusal can be read."""
    async with stage() as on:
        await on.client.auth_test()
        on.slack.problem("something", "detail")
        async with on.http.get(f"{on.url}/_sandbox") as answer:
            assert "advance" in (await answer.json())["POST /_sandbox/clock"]
        (call,) = await look(on, "calls")
        assert (call["method"], call["ok"]) == ("auth.test", True)
        assert await look(on, "problems") == [{"what": "something", "detail": "detail"}]


async def test_says_what_it_cannot_do():
    """A dial that cannot be turned so answers 400 with the reason."""
    async with stage() as on:
        for dial, given in (
            ("fault", {"method": "*", "drop": "x"}),
            ("fault", {"metod": "*"}),
            ("clock", {}),
            ("clock", []),
            ("token", {"state": "lost"}),
            ("type", {"user": "bob", "text": "/x"}),
            ("click", {"user": "ada", "button": "Go"}),
        ):
            async with on.http.post(f"{on.url}/_sandbox/{dial}", json=given) as answer:
                assert answer.status == 400
                assert (await answer.json())["error"]
        async with on.http.get(f"{on.url}/_sandbox/seen/bob") as answer:
            assert answer.status == 404


async def test_learns_its_address_from_the_first_request():
    """Unless told, response_urls use the Host under which the sandbox was reached."""
    async with stage() as on:
        on.slack.base_url = None
        await on.client.auth_test()
        assert on.slack.base_url == on.url
