"""Socket Mode: connections, envelopes and acks."""

import asyncio
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_harness import actions, button, code, modal, opened, running, section, typed
from slack_socket_app import TIMEOUT, connect, connected, next_message

from slackbot.sandbox.slack import Slack
from slackbot.sandbox.slack.socket_mode import MOST_CONNECTIONS, TICKET_SECONDS

# --- connecting


async def test_the_token_is_checked():
    """Only the app-level token with its scope, in the header, gets a URL."""
    async with running() as here:
        url = f"{here.url}/api/apps.connections.open"
        open_with = here.client.apps_connections_open
        assert await code(open_with(app_token=here.slack.token)) == "not_allowed_token_type"
        assert await code(open_with(app_token="xapp-1-nobody")) == "invalid_auth"
        async with here.http.post(url, data={"token": here.slack.app_token}) as answer:
            assert (await answer.json())["error"] == "not_authed"
        here.slack.socket_mode.scopes.clear()
        assert await code(open_with(app_token=here.slack.app_token)) == "missing_scope"
        assert not here.slack.socket_mode.enabled


async def test_the_app_token_is_for_nothing_else():
    """Other methods refuse the app-level token."""
    async with running() as here:
        assert (
            await code(here.client.auth_test(token=here.slack.app_token))
            == "not_allowed_token_type"
        )


async def test_hello_counts_connections():
    """hello gives the number of connections."""
    async with running() as here:
        first, second = await connect(here), await connect(here)
        assert [(await next_message(s))["num_connections"] for s in (first, second)] == [1, 2]
        await first.close()
        await here.slack.socket_mode.until(lambda: len(here.slack.socket_mode.connections) == 1)
        third = await connect(here)
        greeting = await next_message(third)
        assert (greeting["type"], greeting["num_connections"]) == ("hello", 2)
        assert greeting["debug_info"]["approximate_connection_time"] == 18060
        assert here.slack.socket_mode.accepted == 3


async def test_a_url_works_once_and_for_a_short_time():
    """A used, expired or unknown ticket opens no connection."""
    async with running() as here:
        urls = [
            (await here.client.apps_connections_open(app_token=here.slack.app_token))["url"]
            for _ in range(2)
        ]
        await here.http.ws_connect(urls[0])
        here.slack.clock.advance(TICKET_SECONDS + 1)
        for url in (*urls, urls[0].replace("ticket=", "ticket=x"), urls[0].partition("?")[0]):
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await here.http.ws_connect(url)


async def test_the_eleventh_connection_is_turned_away():
    """Ten connections are accepted; the next is sent a disconnect and closed."""
    async with running() as here:
        ten = [await connect(here) for _ in range(MOST_CONNECTIONS)]
        assert [(await next_message(socket))["type"] for socket in ten] == ["hello"] * len(ten)
        eleventh = await connect(here)
        refusal = await next_message(eleventh)
        assert refusal == {"type": "disconnect", "reason": "too_many_websockets"}
        assert (await eleventh.receive(TIMEOUT)).type == aiohttp.WSMsgType.CLOSE
        assert len(here.slack.socket_mode.connections) == MOST_CONNECTIONS


async def test_urls_are_rate_limited():
    """More URLs a minute than Slack issues are refused as ratelimited."""
    async with running() as here:
        here.slack.rate_limits.per_minute["apps.connections.open"] = 1
        await connect(here)
        assert await code(connect(here)) == "ratelimited"


# --- envelopes


async def test_a_command_is_answered_by_the_ack():
    """A command is sent as an envelope, and the ack's payload is the message."""
    async with running() as here, connected(here, slash_commands={"text": "hello"}) as app:
        assert (await here.ada.types("/networking help")).ok
        (envelope,) = app.envelopes
        assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
        assert (envelope["payload"]["command"], envelope["payload"]["text"]) == (
            "/networking",
            "help",
        )
        assert [s.text for s in await here.ada.sees(where="#general")] == ["hello"]
        assert here.bot.received == []


async def test_clicks_and_forms_are_answered_by_the_ack():
    """Interactions are sent as envelopes; the ack may carry a form's errors."""
    async with running() as here:
        card = [section("Hi"), actions(button("Go", "go"))]
        await here.client.chat_postMessage(channel=here.dm, text="Hi", blocks=card)
        form = await opened(here, modal(typed("Name", "name")))
        errors = {"response_action": "errors", "errors": {"name": "Too short"}}
        async with connected(here, interactive=errors) as app:
            assert (await here.ada.submits(form, {"Name": "Ada"})).ok
            (seen,) = await here.ada.sees(where="modal")
            assert seen.errors == {"name": "Too short"}
        async with connected(here, interactive=None) as app:
            (message,) = await here.ada.sees(where="dm")
            assert (await here.ada.clicks(message, "Go")).ok
            assert app.envelopes[0]["payload"]["actions"][0]["action_id"] == "go"
        assert here.slack.problems == []


async def test_an_unacknowledged_command_times_out():
    """A command without an ack times out for the user and is not sent again."""
    async with running() as here, connected(here) as app:
        here.slack.answer_seconds = 0.1
        answer = await here.ada.types("/networking help")
        assert (answer.status, answer.error) == (None, "operation_timeout")
        assert "operation_timeout" in (await here.ada.sees(where="#general"))[0].text
        assert len(app.envelopes) == 1


async def test_without_a_connection_nothing_arrives():
    """Without a connection the user sees dispatch_failed at once."""
    async with running() as here:
        async with connected(here):
            pass
        await here.slack.socket_mode.until(lambda: not here.slack.socket_mode.connections)
        assert (await here.ada.types("/networking")).error == "dispatch_failed"


async def test_events_are_sent_again():
    """An event without an ack is sent three more times, numbered; one with an ack is not."""
    async with running() as here:
        here.slack.answer_seconds = 0.05
        here.slack.socket_mode.retry_seconds = (0.0, 0.0, 0.0)
        async with connected(here) as app:
            assert (await here.ada.opens_home()).error == "operation_timeout"
            await app.until(4)
            attempts = [(e["retry_attempt"], e["retry_reason"]) for e in app.envelopes]
            assert attempts == [(0, ""), (1, "timeout"), (2, "timeout"), (3, "timeout")]
            assert len({e["payload"]["event_id"] for e in app.envelopes}) == 1
            assert len({e["envelope_id"] for e in app.envelopes}) == 4
        async with connected(here, events_api=None) as app:
            assert (await here.ada.opens_home()).ok
            answer = await here.ada.event("app_home_opened", tab="home", retry_num=2)
            assert answer.ok
            assert [e["retry_attempt"] for e in app.envelopes] == [0, 2]


async def test_envelopes_go_to_one_connection_each():
    """Each envelope goes to one of several connections, and each connection gets some."""
    async with (
        running() as here,
        connected(here, slash_commands=None) as one,
        connected(here, slash_commands=None) as other,
    ):
        for _ in range(40):
            assert (await here.ada.types("/networking")).ok
        assert len(one.envelopes) + len(other.envelopes) == 40
        assert one.envelopes
        assert other.envelopes


async def test_ignored_acks_are_problems():
    """An unknown ack, a payload in the ack of an event, and anything but an ack are problems."""
    async with running() as here, connected(here, events_api={"text": "hi"}) as app:
        await here.ada.opens_home()
        await app.socket.send_json({"envelope_id": "nobody"})
        await app.socket.send_str("no JSON")
        await app.socket.send_json([])
        async with asyncio.timeout(TIMEOUT):
            while len(here.slack.problems) < 4:
                await here.slack.changes.next().wait()
        assert [p.what for p in here.slack.problems] == [
            "the payload of an ack to an event is ignored",
            "an ack came late, twice, or over another connection",
            "not an ack",
            "not an ack",
        ]


# --- against Slack's own framework


async def test_bolt_and_the_sandbox_understand_each_other():
    """Bolt's Socket Mode handler receives commands and events, and its acks are accepted."""
    async with running() as here:
        app = AsyncApp(client=here.client)

        @app.command("/networking")
        async def command(ack: Any) -> None:
            await ack(text="hello")

        @app.event("app_home_opened")
        async def home(event: dict[str, Any], client: Any) -> None:
            view = {"type": "home", "blocks": [section("*Home*")]}
            await client.views_publish(user_id=event["user"], view=view)

        handler = AsyncSocketModeHandler(app, here.slack.app_token)
        await handler.connect_async()
        await here.slack.socket_mode.until(lambda: here.slack.socket_mode.connections[0].greeted)
        assert (await here.ada.types("/networking connect")).ok
        assert (await here.ada.opens_home()).ok
        await here.ada.waits_for("Home", where="home")
        await here.ada.waits_for("hello", where="#general")
        await handler.close_async()
        assert here.slack.problems == []


async def test_users_use_http_until_the_app_connects():
    """An app that never asked for a connection is reached over HTTP."""
    slack = Slack()
    assert not slack.socket_mode.enabled
    async with running() as here:
        assert (await here.ada.types("/networking")).ok
        assert here.bot.received
