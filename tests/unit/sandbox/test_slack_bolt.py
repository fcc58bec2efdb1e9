"""The sandbox's Slack and Slack's own framework, Bolt, accept each other's requests."""

from typing import Any

from slack_bolt.adapter.asgi.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_harness import Harness, actions, button, modal, running, section, typed

from slackbot.sandbox.serving import serving


def bolt(here: Harness) -> AsyncApp:
    """A small Bolt app that uses every kind of input."""
    app = AsyncApp(
        client=here.client, signing_secret=here.slack.signing_secret, process_before_response=True
    )

    @app.command("/networking")
    async def command(ack: Any, body: dict[str, Any], client: Any) -> None:
        await client.views_open(
            trigger_id=body["trigger_id"], view=modal(typed("Name", "name"), callback_id="form")
        )
        await ack(text="hello", blocks=[actions(button("Go", "go"))])

    @app.action("go")
    async def action(ack: Any, respond: Any) -> None:
        answer = await respond(text="gone", replace_original=True)
        assert answer.status_code == 200
        await ack()

    @app.view("form")
    async def view(ack: Any) -> None:
        await ack(response_action="errors", errors={"name": "Too short"})

    @app.event("app_home_opened")
    async def home(event: dict[str, Any], client: Any) -> None:
        published = {"type": "home", "blocks": [section("*Home*")]}
        await client.views_publish(user_id=event["user"], view=published)

    return app


async def test_bolt_and_the_sandbox_understand_each_other():
    """A command, a modal, a click and Home all work, and neither side refuses anything."""
    async with running() as here:
        handler = AsyncSlackRequestHandler(bolt(here), path="/slack/events")
        async with serving(handler) as url:
            ada = here.slack.user("ada", bot_url=url)
            assert (await ada.types("/networking connect")).ok
            await ada.submits(None, {"Name": "Ada"})
            (form,) = await ada.sees(where="modal")
            assert form.errors == {"name": "Too short"}
            (card,) = await ada.sees(where="#general")
            assert (await ada.clicks(card, "Go")).ok
            assert [s.text for s in await ada.sees(where="#general")] == ["gone"]
            assert (await ada.opens_home()).ok
            assert [s.text for s in await ada.sees(where="home")] == ["Home"]
        assert here.slack.problems == []
        assert [c.error for c in here.slack.calls] == [None] * len(here.slack.calls)
