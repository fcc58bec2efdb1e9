"""The driver: what a person does, what the bot receives, and what they see of its answers."""

import asyncio
import json
from typing import Any

import pytest
from slack_harness import Stage, actions, button, modal, opened, plain, section, stage
from starlette.responses import JSONResponse, Response

from slackbot.sandbox.slack import BotResponse, CannotDo, ScreenItem, Slack
from slackbot.sandbox.slack.signing import signed, stale_signed, wrongly_signed


async def posted(on: Stage, *blocks: dict[str, Any]) -> ScreenItem:
    """A message in Ada's DM."""
    await on.client.chat_postMessage(channel=on.dm, text="card", blocks=list(blocks))
    return (await on.ada.sees(where="dm"))[-1]


async def test_types_a_command():
    """A command arrives signed with every field of Slack's form; the answer is ephemeral."""
    async with stage() as on:
        on.bot.answers("/networking", "Two sessions")
        answer = await on.ada.types("/networking sessions today")
        assert (answer.ok, answer.status, answer.body) == (True, 200, "Two sessions")
        form = on.bot.received[0]
        assert (form["command"], form["text"]) == ("/networking", "sessions today")
        assert (form["team_id"], form["user_id"]) == ("T0DEMO", "U0ADA")
        assert (form["channel_name"], form["is_enterprise_install"]) == ("general", "false")
        assert form["response_url"].startswith(on.url)
        assert form["trigger_id"]
        (seen,) = await on.ada.sees()
        assert (seen.kind, seen.where, seen.text) == ("ephemeral", "#general", "Two sessions")
        assert await on.priya.sees() == []


async def test_an_answer_of_blocks():
    """JSON in the answer is a message, in_channel when it says so."""
    async with stage() as on:
        on.bot.answers("/networking", {"text": "a", "blocks": [section("*b*")]})
        await on.ada.types("/networking", "dm")
        assert [s.text for s in await on.ada.sees(where="dm")] == ["b"]
        assert on.bot.received[0]["channel_name"] == "directmessage"
        on.bot.answers("/networking", {"text": "all", "response_type": "in_channel"})
        await on.ada.types("/networking")
        assert [s.text for s in await on.priya.sees()] == ["all"]
        on.bot.answers("/networking", {"response_type": "in_channel"})
        await on.ada.types("/networking")
        assert len(await on.ada.sees()) == 2


@pytest.mark.parametrize(
    "reply",
    [
        {"text": "x", "blocks": [section("")]},
        {"blocks": []},
        JSONResponse(["x"]),
        Response("{", media_type="application/json"),
    ],
)
async def test_an_answer_slack_cannot_show(reply: Any):
    """A bad body becomes an error for the person and a noted problem."""
    async with stage() as on:
        on.bot.answers("/networking", reply)
        await on.ada.types("/networking")
        (seen,) = await on.ada.sees()
        assert (seen.kind, seen.error) == ("error", "invalid_command_response")
        assert "refused" in on.slack.problems[0].what


async def test_a_refused_command():
    """Anything but 200, and a bot that is not there, is dispatch_failed."""
    async with stage() as on:
        on.bot.answers("/networking", Response("no", 500))
        answer = await on.ada.types("/networking")
        assert (answer.ok, answer.status, answer.error) == (False, 500, "dispatch_failed")
        on.ada.bot_url = "http://127.0.0.1:9"
        answer = await on.ada.types("/networking")
        assert (answer.status, answer.error) == (None, "dispatch_failed")
        assert [s.error for s in await on.ada.sees()] == ["dispatch_failed"] * 2


async def test_a_late_answer():
    """After the time for answers the person sees operation_timeout, and no late message."""
    async with stage() as on:
        never = asyncio.Event()

        async def wait(_: dict[str, Any]) -> None:
            await never.wait()

        on.bot.on["/networking"] = wait
        on.slack.answer_seconds = 0.05
        answer = await on.ada.types("/networking")
        assert answer.error == "operation_timeout"
        assert "operation_timeout" in (await on.ada.sees())[0].text


async def test_clicks_a_button():
    """A click carries message, action, response_url; the button is found by any of its names."""
    async with stage() as on:
        seen = await posted(on, actions(button("Join", "join:1", value="11645", style="primary")))
        for name in ("Join", "join:1", "11645", seen.buttons[0]):
            await on.ada.clicks(seen, name)
        payload = on.bot.received[0]
        action = payload["actions"][0]
        assert (payload["type"], action["action_id"], action["value"]) == (
            "block_actions",
            "join:1",
            "11645",
        )
        assert action["block_id"] == payload["message"]["blocks"][0]["block_id"]
        assert payload["container"]["channel_id"] == payload["channel"]["id"] == on.dm
        assert payload["message"]["ts"] == seen.id
        assert payload["response_url"]
        assert payload["enterprise"] is None
        assert payload["is_enterprise_install"] is False
        assert on.slack.problems == []
        assert len({p["trigger_id"] for p in on.bot.received}) == 4


async def test_a_url_button_opens_and_tells():
    """A press on a URL button opens the address and still reaches the bot."""
    async with stage() as on:
        seen = await posted(on, actions(button("Join", "join", url="https://x.example")))
        answer = await on.ada.clicks(seen, "Join")
        assert answer.opened == "https://x.example"
        assert on.bot.received[0]["actions"][0]["url"] == "https://x.example"


async def test_a_message_in_the_answer_to_a_click_is_ignored():
    """Slack shows nothing of it; the sandbox notes it."""
    async with stage() as on:
        on.bot.answers("block_actions", {"text": "done", "replace_original": True})
        await on.ada.clicks(await posted(on, actions(button("Go", "go"))), "Go")
        assert [s.text for s in await on.ada.sees()] == [""]
        assert "ignored" in on.slack.problems[0].what


async def test_a_click_that_fails():
    """The person gets Slack's own notice."""
    async with stage() as on:
        on.bot.answers("block_actions", Response(status_code=404))
        await on.ada.clicks(await posted(on, actions(button("Go", "go"))), "Go")
        assert [s.error for s in await on.ada.sees()] == [None, "dispatch_failed"]


async def test_clicks_only_what_is_there():
    """A button that is not there, twice there, or in a deleted message cannot be pressed."""
    async with stage() as on:
        seen = await posted(on, actions(button("Go", "a"), button("Go", "b")))
        with pytest.raises(CannotDo, match="2 buttons are called 'Go'"):
            await on.ada.clicks(seen, "Go")
        with pytest.raises(CannotDo, match="'Go' \\(a\\)"):
            await on.ada.clicks(seen, "Stop")
        await on.client.chat_delete(channel=on.dm, ts=seen.id)
        with pytest.raises(CannotDo, match="deleted"):
            await on.ada.clicks(seen, "a")


async def test_a_stale_sight_can_be_clicked():
    """A button that an edit took away can still be pressed by who has not seen the edit."""
    async with stage() as on:
        seen = await posted(on, actions(button("Go", "go")))
        await on.client.chat_update(channel=on.dm, ts=seen.id, text="over", blocks=[])
        await on.ada.clicks(seen, "Go")
        assert on.bot.received[0]["actions"][0]["action_id"] == "go"
        assert on.bot.received[0]["message"]["text"] == "over"


async def test_chooses_from_menus():
    """Options of selects, overflow menus and boxes are chosen by text or value."""
    async with stage() as on:
        options = [{"text": plain(t), "value": t.lower()} for t in ("One", "Two")]
        menu = {"type": "static_select", "action_id": "menu", "options": options}
        more = {"type": "overflow", "action_id": "more", "options": options}
        boxes = {"type": "checkboxes", "action_id": "boxes", "options": options}
        seen = await posted(on, actions(menu, more, boxes))
        await on.ada.chooses(seen, "menu", "Two")
        await on.ada.chooses(seen, "more", "one")
        await on.ada.chooses(seen, "boxes", ["One"])
        chosen = [p["actions"][0] for p in on.bot.received]
        assert chosen[0]["selected_option"] == options[1]
        assert chosen[1]["selected_option"] == options[0]
        assert chosen[2]["selected_options"] == [options[0]]
        for name, option in (("menu", "Three"), ("more", "Three"), ("none", "One")):
            with pytest.raises(CannotDo):
                await on.ada.chooses(seen, name, option)


async def test_opens_home():
    """app_home_opened brings the view from the second time on; a click there has no URL."""
    async with stage() as on:
        home = {"type": "home", "blocks": [actions(button("Sessions", "sessions"))]}
        await on.ada.opens_home()
        assert "view" not in on.bot.received[0]["event"]
        await on.client.views_publish(user_id="U0ADA", view=home)
        await on.ada.opens_home()
        event = on.bot.received[1]["event"]
        assert (event["tab"], event["view"]["type"]) == ("home", "home")
        await on.ada.clicks((await on.ada.sees(where="home"))[0], "Sessions")
        assert "response_url" not in on.bot.received[2]


async def test_redelivers_an_event():
    """A redelivery has the same event_id and Slack's retry headers."""
    async with stage() as on:
        await on.ada.event("app_uninstalled", event_id="Ev1", user=None)
        await on.ada.event("app_uninstalled", event_id="Ev1", user=None, retry_num=1)
        first, second = on.bot.received
        assert first["event_id"] == second["event_id"] == "Ev1"
        assert "user" not in first["event"]
        assert first["type"] == "event_callback"
        assert "x-slack-retry-num" not in on.bot.headers[0]
        assert on.bot.headers[1]["x-slack-retry-num"] == "1"
        assert on.bot.headers[1]["x-slack-retry-reason"] == "http_timeout"


async def test_says_something_to_the_bot():
    """Plain text goes to the DM and arrives as a message event."""
    async with stage() as on:
        await on.ada.types("hello")
        event = on.bot.received[0]["event"]
        assert (event["type"], event["channel_type"], event["text"]) == ("message", "im", "hello")
        (seen,) = await on.ada.sees(where="dm")
        assert not seen.from_bot
        with pytest.raises(CannotDo, match="not in #secret"):
            await on.ada.types("hello", "#secret")


async def test_sends_what_slack_never_would():
    """Unsigned, wrongly signed, stale and early requests can be sent and are told apart."""
    async with stage() as on:
        secret, send = on.slack.signing_secret, on.ada.send_raw
        for headers in (
            {},
            wrongly_signed("x"),
            stale_signed("x", secret),
            stale_signed("x", secret, seconds=-360),
        ):
            assert (await send("/slack/events", "x", headers)).status == 401
        body = json.dumps({"type": "url_verification", "challenge": "c"})
        on.bot.answers("url_verification", "c")
        answer = await send("/slack/events", body, signed(body, secret))
        assert (answer.status, answer.body, answer.json()) == (200, "c", None)


async def test_waits_for_what_comes():
    """Waiting ends as soon as the thing is there, and again when it changes."""
    async with stage() as on:
        waiting = asyncio.create_task(on.ada.waits_for("matched", where="dm"))
        await asyncio.sleep(0)
        sent = await on.client.chat_postMessage(channel=on.dm, text="You're matched")
        first = await waiting
        assert first.id == sent["ts"]
        waiting = asyncio.create_task(on.ada.waits_for(lambda s: True, since=first.changed))
        await on.client.chat_update(channel=on.dm, ts=sent["ts"], text="It is over")
        assert (await waiting).text == "It is over"
        assert await on.ada.waits_for("over", since=first.changed)
        with pytest.raises(CannotDo):
            await on.ada.waits_for("over", since=on.ada.now, timeout=0)


async def test_says_what_is_seen_when_nothing_comes():
    """A wait in vain tells what is on the screen instead."""
    async with stage() as on:
        await posted(on, section("*Hi*"), actions(button("Go", "go")))
        with pytest.raises(CannotDo, match=r"(?s)ada saw no 'Bye'.*- message in dm: Hi \[Go\]"):
            await on.ada.waits_for("Bye", timeout=0)
        with pytest.raises(CannotDo, match="- nothing"):
            await on.priya.waits_for(lambda s: True, where="home", timeout=0)


async def test_needs_addresses():
    """Without the sandbox's own address, or the bot's, the driver says so."""
    slack = Slack()
    with pytest.raises(RuntimeError, match="base_url"):
        await slack.user("ada", bot_url="http://127.0.0.1:9").types("/networking")
    slack.base_url = "http://127.0.0.1:9"
    with pytest.raises(CannotDo, match="where is the bot"):
        await slack.user("ada").types("/networking")
    with pytest.raises(KeyError, match="nobody called 'bob'"):
        slack.user("bob")


async def test_hostile_names_can_be_checked_on_the_screen():
    """What is seen tells whom it mentions and what it links to."""
    async with stage() as on:
        seen = await posted(on, section("<!channel> <https://x.example|click>"))
        assert (seen.mentions, seen.links) == ({"!channel"}, {"https://x.example"})
        seen = await opened(on, modal(section("&lt;!channel&gt;")))
        assert (seen.text, seen.mentions) == ("<!channel>", set())


def test_an_answer_reads_as_json():
    """The body of an answer, decoded."""
    assert BotResponse(200, '{"a": 1}', 0.1).json() == {"a": 1}
