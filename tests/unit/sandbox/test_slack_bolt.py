"""The sandbox against Slack's own framework: Bolt takes its requests and it takes Bolt's."""

from typing import Any

from slack_bolt.adapter.asgi.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_harness import Stage, actions, button, modal, section, stage, typed

from slackbot.sandbox.serving import serving


def bolt(on: Stage) -> AsyncApp:
    """A small Bolt app that uses every kind of input."""
    app = AsyncApp(
        client=on.client, signing_secret=on.slack.signing_secret, process_before_response=True
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
    """Command, modal, click and Home go round with nothing refused on either side."""
    async with stage() as on:
        handler = AsyncSlackRequestHandler(bolt(on), path="/slack/events")
        async with serving(handler) as url:
            ada = on.slack.user("ada", bot_url=url)
            assert (await ada.types("/networking connect")).ok
            await ada.submits(None, {"Name": "Ada"})
            (form,) = await ada.sees(where="modal")
            assert form.errors == {"name": "Too short"}
            (card,) = await ada.sees(where="#general")
            assert (await ada.clicks(card, "Go")).ok
            assert [s.text for s in await ada.sees(where="#general")] == ["gone"]
            assert (await ada.opens_home()).ok
            assert [s.text for s in await ada.sees(where="home")] == ["Home"]
        assert on.slack.problems == []
        assert [c.error for c in on.slack.calls] == [None] * len(on.slack.calls)
