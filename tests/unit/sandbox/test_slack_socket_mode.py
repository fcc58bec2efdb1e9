"""Socket Mode of the sandbox: connecting, envelopes, acks, and what goes wrong there."""

import asyncio
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_harness import actions, button, code, modal, opened, section, stage, typed
from slack_socket_app import SOON, connected, dial, hello

from slackbot.sandbox.slack import Slack
from slackbot.sandbox.slack.socket_mode import MOST_CONNECTIONS, TICKET_SECONDS

# --- connecting


async def test_the_token_is_checked():
    """Only the app-level token with its scope, in the header, gets an address."""
    async with stage() as on:
        url = f"{on.url}/api/apps.connections.open"
        open_with = on.client.apps_connections_open
        assert await code(open_with(app_token=on.slack.token)) == "not_allowed_token_type"
        assert await code(open_with(app_token="xapp-1-nobody")) == "invalid_auth"
        async with on.http.post(url, data={"token": on.slack.app_token}) as answer:
            assert (await answer.json())["error"] == "not_authed"
        on.slack.socket_mode.scopes.clear()
        assert await code(open_with(app_token=on.slack.app_token)) == "missing_scope"
        assert not on.slack.socket_mode.enabled


async def test_the_app_token_is_for_nothing_else():
    """The Web API takes no app-level token."""
    async with stage() as on:
        assert await code(on.client.auth_test(token=on.slack.app_token)) == "not_allowed_token_type"


async def test_hello_counts_connections():
    """Each connection is greeted with the number of those there are."""
    async with stage() as on:
        first, second = await dial(on), await dial(on)
        assert [(await hello(s))["num_connections"] for s in (first, second)] == [1, 2]
        await first.close()
        await on.slack.socket_mode.until(lambda: len(on.slack.socket_mode.connections) == 1)
        third = await dial(on)
        greeting = await hello(third)
        assert (greeting["type"], greeting["num_connections"]) == ("hello", 2)
        assert greeting["debug_info"]["approximate_connection_time"] == 18060
        assert on.slack.socket_mode.accepted == 3


async def test_an_address_is_for_once_and_soon():
    """A ticket that was used, that is old or that is invented opens nothing."""
    async with stage() as on:
        urls = [
            (await on.client.apps_connections_open(app_token=on.slack.app_token))["url"]
            for _ in range(2)
        ]
        await on.http.ws_connect(urls[0])
        on.slack.clock.advance(TICKET_SECONDS + 1)
        for url in (*urls, urls[0].replace("ticket=", "ticket=x"), urls[0].partition("?")[0]):
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await on.http.ws_connect(url)


async def test_the_eleventh_connection_is_turned_away():
    """Ten connections at most; one more is told so and closed."""
    async with stage() as on:
        ten = [await dial(on) for _ in range(MOST_CONNECTIONS)]
        assert [(await hello(socket))["type"] for socket in ten] == ["hello"] * len(ten)
        eleventh = await dial(on)
        told = await hello(eleventh)
        assert told == {"type": "disconnect", "reason": "too_many_websockets"}
        assert (await eleventh.receive(SOON)).type == aiohttp.WSMsgType.CLOSE
        assert len(on.slack.socket_mode.connections) == MOST_CONNECTIONS


async def test_addresses_are_limited():
    """More addresses a minute than Slack gives are refused with a time to wait."""
    async with stage() as on:
        on.slack.rate_limits.per_minute["apps.connections.open"] = 1
        await dial(on)
        assert await code(dial(on)) == "ratelimited"


# --- envelopes


async def test_a_command_is_answered_by_the_ack():
    """A command goes as an envelope, and the ack's payload is the message."""
    async with stage() as on, connected(on, slash_commands={"text": "hello"}) as app:
        assert (await on.ada.types("/networking help")).ok
        (envelope,) = app.envelopes
        assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
        assert (envelope["payload"]["command"], envelope["payload"]["text"]) == (
            "/networking",
            "help",
        )
        assert [s.text for s in await on.ada.sees(where="#general")] == ["hello"]
        assert on.bot.received == []


async def test_clicks_and_forms_are_answered_by_the_ack():
    """Interactions go as envelopes; a form's errors and next views come in the ack."""
    async with stage() as on:
        card = [section("Hi"), actions(button("Go", "go"))]
        await on.client.chat_postMessage(channel=on.dm, text="Hi", blocks=card)
        form = await opened(on, modal(typed("Name", "name")))
        errors = {"response_action": "errors", "errors": {"name": "Too short"}}
        async with connected(on, interactive=errors) as app:
            assert (await on.ada.submits(form, {"Name": "Ada"})).ok
            (seen,) = await on.ada.sees(where="modal")
            assert seen.errors == {"name": "Too short"}
        async with connected(on, interactive=None) as app:
            (message,) = await on.ada.sees(where="dm")
            assert (await on.ada.clicks(message, "Go")).ok
            assert app.envelopes[0]["payload"]["actions"][0]["action_id"] == "go"
        assert on.slack.problems == []


async def test_what_is_not_acknowledged_fails_and_is_not_sent_again():
    """A command without an ack is a time-out for the person, and that is all."""
    async with stage() as on, connected(on) as app:
        on.slack.answer_seconds = 0.1
        answer = await on.ada.types("/networking help")
        assert (answer.status, answer.error) == (None, "operation_timeout")
        assert "operation_timeout" in (await on.ada.sees(where="#general"))[0].text
        assert len(app.envelopes) == 1


async def test_without_a_connection_nothing_arrives():
    """Nobody connected: dispatch_failed at once."""
    async with stage() as on:
        async with connected(on):
            pass
        await on.slack.socket_mode.until(lambda: not on.slack.socket_mode.connections)
        assert (await on.ada.types("/networking")).error == "dispatch_failed"


async def test_events_are_sent_again():
    """An event without an ack comes three more times, numbered; one with an ack does not."""
    async with stage() as on:
        on.slack.answer_seconds = 0.05
        on.slack.socket_mode.retry_seconds = (0.0, 0.0, 0.0)
        async with connected(on) as app:
            assert (await on.ada.opens_home()).error == "operation_timeout"
            await app.until(4)
            told = [(e["retry_attempt"], e["retry_reason"]) for e in app.envelopes]
            assert told == [(0, ""), (1, "timeout"), (2, "timeout"), (3, "timeout")]
            assert len({e["payload"]["event_id"] for e in app.envelopes}) == 1
            assert len({e["envelope_id"] for e in app.envelopes}) == 4
        async with connected(on, events_api=None) as app:
            assert (await on.ada.opens_home()).ok
            answer = await on.ada.event("app_home_opened", tab="home", retry_num=2)
            assert answer.ok
            assert [e["retry_attempt"] for e in app.envelopes] == [0, 2]


async def test_envelopes_go_to_one_connection_each():
    """With several connections each envelope comes once, and all of them get some."""
    async with (
        stage() as on,
        connected(on, slash_commands=None) as one,
        connected(on, slash_commands=None) as other,
    ):
        for _ in range(40):
            assert (await on.ada.types("/networking")).ok
        assert len(one.envelopes) + len(other.envelopes) == 40
        assert one.envelopes
        assert other.envelopes


async def test_what_slack_would_ignore_is_told():
    """An ack of nothing, a payload for an event and what is no ack at all are problems."""
    async with stage() as on, connected(on, events_api={"text": "hi"}) as app:
        await on.ada.opens_home()
        await app.socket.send_json({"envelope_id": "nobody"})
        await app.socket.send_str("no JSON")
        await app.socket.send_json([])
        async with asyncio.timeout(SOON):
            while len(on.slack.problems) < 4:
                await on.slack.changes.next().wait()
        assert [p.what for p in on.slack.problems] == [
            "the payload of an ack to an event is ignored",
            "an ack came late, twice, or over another connection",
            "not an ack",
            "not an ack",
        ]


# --- against Slack's own framework


async def test_bolt_and_the_sandbox_understand_each_other():
    """Bolt's own Socket Mode handler takes commands and events, and its acks are understood."""
    async with stage() as on:
        app = AsyncApp(client=on.client)

        @app.command("/networking")
        async def command(ack: Any) -> None:
            await ack(text="hello")

        @app.event("app_home_opened")
        async def home(event: dict[str, Any], client: Any) -> None:
            view = {"type": "home", "blocks": [section("*Home*")]}
            await client.views_publish(user_id=event["user"], view=view)

        handler = AsyncSocketModeHandler(app, on.slack.app_token)
        await handler.connect_async()
        await on.slack.socket_mode.until(lambda: on.slack.socket_mode.connections[0].greeted)
        assert (await on.ada.types("/networking connect")).ok
        assert (await on.ada.opens_home()).ok
        await on.ada.waits_for("Home", where="home")
        await on.ada.waits_for("hello", where="#general")
        await handler.close_async()
        assert on.slack.problems == []


async def test_people_use_http_until_the_app_connects():
    """Nothing changes for an app without Socket Mode."""
    slack = Slack()
    assert not slack.socket_mode.enabled
    async with stage() as on:
        assert (await on.ada.types("/networking")).ok
        assert on.bot.received
