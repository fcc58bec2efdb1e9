"""The control API: knobs and users, over HTTP alone."""

from typing import Any

import pytest
from slack_harness import Harness, actions, button, modal, plain, running, section, typed
from slack_sdk.errors import SlackApiError

CARD = actions(
    button("Connect", "connect"),
    {
        "type": "static_select",
        "action_id": "menu",
        "options": [{"text": plain("One"), "value": "1"}],
    },
)


async def post(here: Harness, knob: str, **given: Any) -> Any:
    async with here.http.post(f"{here.url}/_sandbox/{knob}", json=given) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def get(here: Harness, path: str) -> Any:
    async with here.http.get(f"{here.url}/_sandbox/{path}") as answer:
        assert answer.status == 200
        return await answer.json()


async def test_faults_and_limits():
    """Faults, limits and the clock are set and reset."""
    async with running() as here:
        assert await post(here, "fault", method="auth.test", times=2, error="fatal_error") == {
            "orders": 1
        }
        with pytest.raises(SlackApiError, match="fatal_error"):
            await here.client.auth_test()
        await post(here, "calm")
        assert (await here.client.auth_test())["ok"]
        assert await post(here, "rates", on=False, per_minute={"auth.test": 1}) == {"on": False}
        await post(here, "rates", channel_seconds=0.5)
        assert (
            here.slack.rate_limits.per_minute["auth.test"],
            here.slack.rate_limits.channel_seconds,
        ) == (1, 0.5)
        before = here.slack.clock.now()
        assert (await post(here, "clock", advance=100))["now"] >= before + 100


async def test_scopes_and_tokens():
    """Scopes are added and removed; a token is revoked and restored."""
    async with running() as here:
        left = await post(here, "scopes", add=["im:history"], remove=["chat:write"])
        assert left == [
            "app_mentions:read",
            "commands",
            "dnd:read",
            "im:history",
            "im:write",
            "users:read",
        ]
        await post(here, "token", state="token_revoked")
        assert here.slack.workspace.state == "token_revoked"
        await post(here, "token", state="active", team="T0DEMO")
        assert (await here.client.auth_test())["ok"]


async def test_workspaces_and_people():
    """A workspace is added with its own token, and users to it."""
    async with running() as here:
        made = await post(here, "workspaces", team="T0NEW", name="New")
        assert (await here.client.auth_test(token=made["token"]))["team"] == "New"
        sam = await post(here, "people", team="T0NEW", name="sam", tz="America/New_York")
        assert sam["id"] == "U0SAM"
        assert (await post(here, "people", team="T0NEW", name="sam", deleted=True))["deleted"]
        assert await get(here, "seen/sam?team=T0NEW") == []


async def test_acts_as_a_user():
    """A user types, clicks, fills in and closes over HTTP, and their screen can be read."""
    async with running() as here:
        await post(here, "bot", url=here.bot_url)
        here.bot.replies("/networking", {"text": "a", "blocks": [section("*Hello*"), CARD]})
        answer = await post(here, "type", user="ada", text="/networking", channel="dm")
        assert (answer["status"], answer["error"]) == (200, None)
        (seen,) = await get(here, "seen/ada")
        assert (seen["text"], seen["buttons"][0]["text"]) == ("Hello", "Connect")

        async def open_it(payload: dict[str, Any]) -> None:
            view = modal(typed("Name", "name"))
            await here.client.views_open(trigger_id=payload["trigger_id"], view=view)

        here.bot.on["block_actions"] = open_it
        await post(here, "click", user="ada", button="Connect")
        assert (await get(here, "seen/ada"))[-1]["fields"] == ["Name"]
        await post(here, "submit", user="ada", values={"Name": "Ada"})
        assert len(await get(here, "seen/ada")) == 1
        await post(here, "click", user="ada", button="Connect", id=seen["id"])
        assert await post(here, "close", user="ada") == {}
        await post(here, "choose", user="ada", menu="menu", option="One", id=seen["id"])
        await post(here, "home", user="ada")
        assert here.bot.received[-1]["event"]["type"] == "app_home_opened"
        await post(here, "shortcut", user="ada", callback_id="go")
        assert here.bot.received[-1]["type"] == "shortcut"


async def test_lists_calls_and_problems():
    """Every call and every problem can be read."""
    async with running() as here:
        await here.client.auth_test()
        here.slack.problem("something", "detail")
        async with here.http.get(f"{here.url}/_sandbox") as answer:
            assert "advance" in (await answer.json())["POST /_sandbox/clock"]
        (call,) = await get(here, "calls")
        assert (call["method"], call["ok"]) == ("auth.test", True)
        assert await get(here, "problems") == [{"what": "something", "detail": "detail"}]


async def test_says_what_it_cannot_do():
    """An invalid body is refused with status 400 and the reason."""
    async with running() as here:
        for knob, given in (
            ("fault", {"method": "*", "drop": "x"}),
            ("fault", {"metod": "*"}),
            ("clock", {}),
            ("clock", []),
            ("token", {"state": "lost"}),
            ("type", {"user": "bob", "text": "/x"}),
            ("click", {"user": "ada", "button": "Go"}),
        ):
            async with here.http.post(f"{here.url}/_sandbox/{knob}", json=given) as answer:
                assert answer.status == 400
                assert (await answer.json())["error"]
        async with here.http.get(f"{here.url}/_sandbox/seen/bob") as answer:
            assert answer.status == 404


async def test_learns_its_address_from_the_first_request():
    """By default response_urls use the Host header of the first request."""
    async with running() as here:
        here.slack.base_url = None
        await here.client.auth_test()
        assert here.slack.base_url == here.url
