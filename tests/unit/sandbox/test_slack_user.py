"""A user: their actions, the payloads that the bot receives, and the screen."""

import asyncio
import json
from typing import Any

import pytest
from slack_harness import Harness, actions, button, modal, opened, plain, running, section
from starlette.responses import JSONResponse, Response

from slackbot.sandbox.slack import BotResponse, CannotDo, ScreenItem, Slack
from slackbot.sandbox.slack.signing import signed, stale_signed, wrongly_signed


async def posted(here: Harness, *blocks: dict[str, Any]) -> ScreenItem:
    """Post a message to Ada's DM and return it as she sees it."""
    await here.client.chat_postMessage(channel=here.dm, text="card", blocks=list(blocks))
    return (await here.ada.sees(where="dm"))[-1]


async def test_types_a_command():
    """A command arrives signed, with every field of Slack's form; the response is ephemeral."""
    async with running() as here:
        here.bot.replies("/networking", "Two sessions")
        answer = await here.ada.types("/networking sessions today")
        assert (answer.ok, answer.status, answer.body) == (True, 200, "Two sessions")
        form = here.bot.received[0]
        assert (form["command"], form["text"]) == ("/networking", "sessions today")
        assert (form["team_id"], form["user_id"]) == ("T0DEMO", "U0ADA")
        assert (form["channel_name"], form["is_enterprise_install"]) == ("general", "false")
        assert form["response_url"].startswith(here.url)
        assert form["trigger_id"]
        (seen,) = await here.ada.sees()
        assert (seen.kind, seen.where, seen.text) == ("ephemeral", "#general", "Two sessions")
        assert await here.priya.sees() == []


async def test_a_response_of_blocks():
    """A JSON response is a message, which everybody sees with in_channel."""
    async with running() as here:
        here.bot.replies("/networking", {"text": "a", "blocks": [section("*b*")]})
        await here.ada.types("/networking", "dm")
        assert [s.text for s in await here.ada.sees(where="dm")] == ["b"]
        assert here.bot.received[0]["channel_name"] == "directmessage"
        here.bot.replies("/networking", {"text": "all", "response_type": "in_channel"})
        await here.ada.types("/networking")
        assert [s.text for s in await here.priya.sees()] == ["all"]
        here.bot.replies("/networking", {"response_type": "in_channel"})
        await here.ada.types("/networking")
        assert len(await here.ada.sees()) == 2


@pytest.mark.parametrize(
    "reply",
    [
        {"text": "x", "blocks": [section("")]},
        {"blocks": []},
        JSONResponse(["x"]),
        Response("{", media_type="application/json"),
    ],
)
async def test_a_response_slack_cannot_show(reply: Any):
    """An invalid body is an error for the user, and a problem."""
    async with running() as here:
        here.bot.replies("/networking", reply)
        await here.ada.types("/networking")
        (seen,) = await here.ada.sees()
        assert (seen.kind, seen.error) == ("error", "invalid_command_response")
        assert "refused" in here.slack.problems[0].what


async def test_a_refused_command():
    """Any status but 200, or no bot at all, is dispatch_failed."""
    async with running() as here:
        here.bot.replies("/networking", Response("no", 500))
        answer = await here.ada.types("/networking")
        assert (answer.ok, answer.status, answer.error) == (False, 500, "dispatch_failed")
        here.ada.bot_url = "http://127.0.0.1:9"
        answer = await here.ada.types("/networking")
        assert (answer.status, answer.error) == (None, "dispatch_failed")
        assert [s.error for s in await here.ada.sees()] == ["dispatch_failed"] * 2


async def test_a_late_response():
    """A response after the deadline shows operation_timeout, and no late message."""
    async with running() as here:
        never = asyncio.Event()

        async def wait(_: dict[str, Any]) -> None:
            await never.wait()

        here.bot.on["/networking"] = wait
        here.slack.answer_seconds = 0.05
        answer = await here.ada.types("/networking")
        assert answer.error == "operation_timeout"
        assert "operation_timeout" in (await here.ada.sees())[0].text


async def test_clicks_a_button():
    """A click carries message, action and response_url; a button has several names."""
    async with running() as here:
        seen = await posted(here, actions(button("Join", "join:1", value="11645", style="primary")))
        for name in ("Join", "join:1", "11645", seen.buttons[0]):
            await here.ada.clicks(seen, name)
        payload = here.bot.received[0]
        action = payload["actions"][0]
        assert (payload["type"], action["action_id"], action["value"]) == (
            "block_actions",
            "join:1",
            "11645",
        )
        assert action["block_id"] == payload["message"]["blocks"][0]["block_id"]
        assert payload["container"]["channel_id"] == payload["channel"]["id"] == here.dm
        assert payload["message"]["ts"] == seen.id
        assert payload["response_url"]
        assert payload["enterprise"] is None
        assert payload["is_enterprise_install"] is False
        assert here.slack.problems == []
        assert len({p["trigger_id"] for p in here.bot.received}) == 4


async def test_a_url_button_opens_and_notifies():
    """Pressing a URL button opens the address and notifies the bot."""
    async with running() as here:
        seen = await posted(here, actions(button("Join", "join", url="https://x.example")))
        answer = await here.ada.clicks(seen, "Join")
        assert answer.opened == "https://x.example"
        assert here.bot.received[0]["actions"][0]["url"] == "https://x.example"


async def test_a_message_in_the_response_to_a_click_is_ignored():
    """Slack does not show it, and it is a problem."""
    async with running() as here:
        here.bot.replies("block_actions", {"text": "done", "replace_original": True})
        await here.ada.clicks(await posted(here, actions(button("Go", "go"))), "Go")
        assert [s.text for s in await here.ada.sees()] == [""]
        assert "ignored" in here.slack.problems[0].what


async def test_a_click_that_fails():
    """The user sees Slack's own notice."""
    async with running() as here:
        here.bot.replies("block_actions", Response(status_code=404))
        await here.ada.clicks(await posted(here, actions(button("Go", "go"))), "Go")
        assert [s.error for s in await here.ada.sees()] == [None, "dispatch_failed"]


async def test_clicks_only_what_is_there():
    """A button that is missing, ambiguous, or in a deleted message cannot be pressed."""
    async with running() as here:
        seen = await posted(here, actions(button("Go", "a"), button("Go", "b")))
        with pytest.raises(CannotDo, match="2 buttons are called 'Go'"):
            await here.ada.clicks(seen, "Go")
        with pytest.raises(CannotDo, match="'Go' \\(a\\)"):
            await here.ada.clicks(seen, "Stop")
        await here.client.chat_delete(channel=here.dm, ts=seen.id)
        with pytest.raises(CannotDo, match="deleted"):
            await here.ada.clicks(seen, "a")


async def test_an_outdated_item_can_be_clicked():
    """A button that an edit removed can still be pressed by a user who has not seen the edit."""
    async with running() as here:
        seen = await posted(here, actions(button("Go", "go")))
        await here.client.chat_update(channel=here.dm, ts=seen.id, text="over", blocks=[])
        await here.ada.clicks(seen, "Go")
        assert here.bot.received[0]["actions"][0]["action_id"] == "go"
        assert here.bot.received[0]["message"]["text"] == "over"


async def test_chooses_from_menus():
    """Options of selects, overflow menus and checkboxes are chosen by text or value."""
    async with running() as here:
        options = [{"text": plain(t), "value": t.lower()} for t in ("One", "Two")]
        menu = {"type": "static_select", "action_id": "menu", "options": options}
        more = {"type": "overflow", "action_id": "more", "options": options}
        boxes = {"type": "checkboxes", "action_id": "boxes", "options": options}
        seen = await posted(here, actions(menu, more, boxes))
        await here.ada.chooses(seen, "menu", "Two")
        await here.ada.chooses(seen, "more", "one")
        await here.ada.chooses(seen, "boxes", ["One"])
        chosen = [p["actions"][0] for p in here.bot.received]
        assert chosen[0]["selected_option"] == options[1]
        assert chosen[1]["selected_option"] == options[0]
        assert chosen[2]["selected_options"] == [options[0]]
        for name, option in (("menu", "Three"), ("more", "Three"), ("none", "One")):
            with pytest.raises(CannotDo):
                await here.ada.chooses(seen, name, option)


async def test_opens_home():
    """app_home_opened carries a published view; a click in Home has no response_url."""
    async with running() as here:
        home = {"type": "home", "blocks": [actions(button("Sessions", "sessions"))]}
        await here.ada.opens_home()
        assert "view" not in here.bot.received[0]["event"]
        await here.client.views_publish(user_id="U0ADA", view=home)
        await here.ada.opens_home()
        event = here.bot.received[1]["event"]
        assert (event["tab"], event["view"]["type"]) == ("home", "home")
        await here.ada.clicks((await here.ada.sees(where="home"))[0], "Sessions")
        assert "response_url" not in here.bot.received[2]


async def test_redelivers_an_event():
    """A redelivered event has the same event_id and Slack's retry headers."""
    async with running() as here:
        await here.ada.event("app_uninstalled", event_id="Ev1", user=None)
        await here.ada.event("app_uninstalled", event_id="Ev1", user=None, retry_num=1)
        first, second = here.bot.received
        assert first["event_id"] == second["event_id"] == "Ev1"
        assert "user" not in first["event"]
        assert first["type"] == "event_callback"
        assert "x-slack-retry-num" not in here.bot.headers[0]
        assert here.bot.headers[1]["x-slack-retry-num"] == "1"
        assert here.bot.headers[1]["x-slack-retry-reason"] == "http_timeout"


async def test_says_something_to_the_bot():
    """Text without a slash is posted to the DM and arrives as a message event."""
    async with running() as here:
        await here.ada.types("hello")
        event = here.bot.received[0]["event"]
        assert (event["type"], event["channel_type"], event["text"]) == ("message", "im", "hello")
        (seen,) = await here.ada.sees(where="dm")
        assert not seen.from_bot
        with pytest.raises(CannotDo, match="not in #secret"):
            await here.ada.types("hello", "#secret")
        await here.ada.types("<@U0BOT> hello", "#general", thread=seen.id)
        mention = here.bot.received[1]["event"]
        assert (mention["type"], mention["channel"]) == ("app_mention", "C0GENERAL")
        assert mention["thread_ts"] == seen.id


async def test_uses_a_shortcut():
    """A global shortcut has a trigger, and neither a channel nor a response_url."""
    async with running() as here:
        await here.ada.uses_shortcut("go")
        payload = here.bot.received[0]
        assert (payload["type"], payload["callback_id"]) == ("shortcut", "go")
        assert payload["trigger_id"]
        assert not {"channel", "response_url"} & payload.keys()


async def test_sends_what_slack_never_would():
    """Unsigned, wrongly signed, stale and early requests are refused; a valid one is not."""
    async with running() as here:
        secret, send = here.slack.signing_secret, here.ada.send_raw
        for headers in (
            {},
            wrongly_signed("x"),
            stale_signed("x", secret),
            stale_signed("x", secret, seconds=-360),
        ):
            assert (await send("/slack/events", "x", headers)).status == 401
        body = json.dumps({"type": "url_verification", "challenge": "c"})
        here.bot.replies("url_verification", "c")
        answer = await send("/slack/events", body, signed(body, secret))
        assert (answer.status, answer.body, answer.json()) == (200, "c", None)


async def test_waits_for_what_comes():
    """Waiting ends as soon as the item is there, and again when it changes."""
    async with running() as here:
        waiting = asyncio.create_task(here.ada.waits_for("matched", where="dm"))
        await asyncio.sleep(0)
        sent = await here.client.chat_postMessage(channel=here.dm, text="You're matched")
        first = await waiting
        assert first.id == sent["ts"]
        waiting = asyncio.create_task(here.ada.waits_for(lambda s: True, since=first.changed))
        await here.client.chat_update(channel=here.dm, ts=sent["ts"], text="It is over")
        assert (await waiting).text == "It is over"
        assert await here.ada.waits_for("over", since=first.changed)
        with pytest.raises(CannotDo):
            await here.ada.waits_for("over", since=here.ada.now, timeout=0)


async def test_says_what_is_seen_when_nothing_comes():
    """A wait that times out lists what is on the screen."""
    async with running() as here:
        await posted(here, section("*Hi*"), actions(button("Go", "go")))
        with pytest.raises(CannotDo, match=r"(?s)ada saw no 'Bye'.*- message in dm: Hi \[Go\]"):
            await here.ada.waits_for("Bye", timeout=0)
        with pytest.raises(CannotDo, match="- nothing"):
            await here.priya.waits_for(lambda s: True, where="home", timeout=0)


async def test_needs_addresses():
    """A missing address of the sandbox or the bot, and an unknown user, are errors."""
    slack = Slack()
    with pytest.raises(RuntimeError, match="base_url"):
        await slack.user("ada", bot_url="http://127.0.0.1:9").types("/networking")
    slack.base_url = "http://127.0.0.1:9"
    with pytest.raises(CannotDo, match="where is the bot"):
        await slack.user("ada").types("/networking")
    with pytest.raises(KeyError, match="nobody called 'bob'"):
        slack.user("bob")


async def test_hostile_names_can_be_checked_on_the_screen():
    """An item knows its mentions and links."""
    async with running() as here:
        seen = await posted(here, section("<!channel> <https://x.example|click>"))
        assert (seen.mentions, seen.links) == ({"!channel"}, {"https://x.example"})
        seen = await opened(here, modal(section("&lt;!channel&gt;")))
        assert (seen.text, seen.mentions) == ("<!channel>", set())


def test_a_response_reads_as_json():
    """The body of a response is decoded."""
    assert BotResponse(200, '{"a": 1}', 0.1).json() == {"a": 1}
