"""The driver in a modal: filling in, submitting, closing, looking up, and what answers do."""

import json
from typing import Any

import pytest
from slack_harness import actions, button, modal, opened, plain, section, stage, typed
from starlette.responses import JSONResponse, Response

from slackbot.sandbox.slack import CannotDo


async def test_submits_a_form():
    """A submission carries state.values, private_metadata and hash; an empty answer closes."""
    async with stage() as on:
        view = modal(
            typed("Name", "name"),
            {**typed("Note", "note"), "optional": True},
            callback_id="connect",
            private_metadata='{"a": 1}',
        )
        seen = await opened(on, view)
        assert (seen.title, seen.fields) == ("A form", ("Name", "Note"))
        await on.ada.submits(seen, {"Name": "Ada"})
        sent = on.bot.received[-1]
        assert (sent["type"], sent["view"]["callback_id"]) == ("view_submission", "connect")
        values = sent["view"]["state"]["values"]
        assert values["name"]["name-text"] == {"type": "plain_text_input", "value": "Ada"}
        assert values["note"]["note-text"]["value"] is None
        assert (sent["view"]["private_metadata"], sent["response_urls"]) == ('{"a": 1}', [])
        assert await on.ada.sees(where="modal") == []


async def test_errors_stand_under_their_fields():
    """Errors keep the modal open with what was typed; a wrong block_id shows none."""
    async with stage() as on:
        await opened(on, modal(typed("Name", "name"), section("x", block_id="text")))
        on.bot.answers(
            "view_submission", {"response_action": "errors", "errors": {"name": "Too short"}}
        )
        await on.ada.submits(None, {"name": "A"})
        seen = await on.ada.waits_for("Name", where="modal")
        assert seen.errors == {"name": "Too short"}
        for wrong in ("nmae", "text"):
            reply = {"response_action": "errors", "errors": {"name": "a", wrong: "b"}}
            on.bot.answers("view_submission", reply)
            await on.ada.submits(None, {})
            assert (await on.ada.sees(where="modal"))[0].errors == {}
            assert json.dumps([wrong]) == on.slack.problems[-1].detail
        assert on.bot.received[-1]["view"]["state"]["values"]["name"]["name-text"]["value"] == "A"


async def test_an_answer_updates_pushes_or_clears():
    """update keeps the id with a new hash, push stacks, clear closes everything."""
    async with stage() as on:
        first = await opened(on, modal(section("first")))
        on.bot.answers(
            "view_submission", {"response_action": "update", "view": modal(section("u"))}
        )
        await on.ada.submits(first, {})
        before = on.bot.received[-1]["view"]["hash"]
        (seen,) = await on.ada.sees(where="modal")
        assert (seen.id, seen.text) == (first.id, "u")
        on.bot.answers("view_submission", {"response_action": "push", "view": modal(section("p"))})
        await on.ada.submits(seen, {})
        assert on.bot.received[-1]["view"]["hash"] != before
        (seen,) = await on.ada.sees(where="modal")
        assert seen.text == "p"
        assert seen.id != first.id
        with pytest.raises(CannotDo, match="on top"):
            await on.ada.submits(first, {})
        on.bot.answers("view_submission", {"response_action": "clear"})
        await on.ada.submits(seen, {})
        assert await on.ada.sees(where="modal") == []


@pytest.mark.parametrize(
    "reply",
    [
        Response(status_code=500),
        Response("{", media_type="application/json"),
        JSONResponse([1]),
        {"response_action": "updtae"},
        {"response_action": "errors", "errors": {}},
        {"response_action": "errors", "errors": {"name": ""}},
        {"response_action": "update"},
        {"response_action": "push", "view": modal()},
    ],
)
async def test_an_answer_to_a_form_that_slack_cannot_use(reply: Any):
    """The modal stays, with Slack's own sentence in it."""
    async with stage() as on:
        await opened(on, modal(typed("Name", "name")))
        on.bot.answers("view_submission", reply)
        await on.ada.submits(None, {"Name": "Ada"})
        (seen,) = await on.ada.sees(where="modal")
        assert seen.error
        assert "trouble" in seen.error
        assert seen.text == "Name"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "'Name' is empty"),
        ({"Name": ""}, "'Name' is empty"),
        ({"Name": "x" * 11}, "0 to 10 characters"),
        ({"Name": "Ada", "Web": "x.example"}, "web address"),
        ({"Name": "Ada", "Mail": "ada"}, "e-mail"),
        ({"Name": "Ada", "Pick": "Three"}, "no option 'Three'; it has: One"),
        ({"Nmae": "Ada"}, "0 fields are called 'Nmae'"),
    ],
)
async def test_slacks_client_sends_no_unfit_form(values: dict[str, str], said: str):
    """What Slack's client would not let a person send is not sent here either."""
    async with stage() as on:
        pick = {"type": "radio_buttons", "options": [{"text": plain("One"), "value": "1"}]}
        blocks = [
            typed("Name", "name", max_length=10),
            *(
                {"type": "input", "label": plain(label), "element": element, "optional": True}
                for label, element in (
                    ("Web", {"type": "url_text_input"}),
                    ("Mail", {"type": "email_text_input"}),
                    ("Pick", pick),
                )
            ),
        ]
        await opened(on, modal(*blocks))
        with pytest.raises(CannotDo, match=said):
            await on.ada.submits(None, values)
        assert [r.get("type") for r in on.bot.received] == [None]


async def test_no_modal_no_submit():
    """Without a modal, or without a submit button, nothing can be submitted."""
    async with stage() as on:
        with pytest.raises(CannotDo, match="no modal"):
            await on.ada.submits(None, {})
        view = modal(section("x"))
        del view["submit"]
        await opened(on, view)
        with pytest.raises(CannotDo, match="no submit"):
            await on.ada.submits(None, {})


async def test_what_was_typed_survives_an_update_of_its_block():
    """The same block_id keeps the text, another one starts empty."""
    async with stage() as on:
        seen = await opened(on, modal(typed("Name", "name")))
        on.bot.answers("view_submission", Response(status_code=500))
        await on.ada.submits(seen, {"name": "Ada"})
        await on.client.views_update(view_id=seen.id, view=modal(typed("Full name", "name")))
        await on.ada.submits(None, {})
        assert "Ada" in json.dumps(on.bot.received[-1]["view"]["state"])
        await on.client.views_update(view_id=seen.id, view=modal(typed("Name", "other")))
        with pytest.raises(CannotDo, match="is empty"):
            await on.ada.submits(None, {})


async def test_closes_a_modal():
    """The bot hears of a close only if it asked; clear_on_close takes the whole stack."""
    async with stage() as on:
        await opened(on, modal(section("x")))
        assert await on.ada.closes() is None
        await opened(on, modal(section("x"), notify_on_close=True))
        assert await on.ada.closes()
        assert (on.bot.received[-1]["type"], on.bot.received[-1]["is_cleared"]) == (
            "view_closed",
            False,
        )
        await opened(on, modal(section("root")))
        push = modal(section("top"), clear_on_close=True, notify_on_close=True)
        on.bot.answers("view_submission", {"response_action": "push", "view": push})
        await on.ada.submits(None, {})
        await on.ada.closes()
        assert on.bot.received[-1]["is_cleared"] is True
        assert await on.ada.sees() == []


async def test_clicks_in_a_modal():
    """A click in a modal has a view and no response_url; a failure shows in the modal."""
    async with stage() as on:
        seen = await opened(on, modal(actions(button("More", "more"))))
        await on.ada.clicks(seen, "More")
        payload = on.bot.received[-1]
        assert payload["view"]["id"] == payload["container"]["view_id"] == seen.id
        assert "response_url" not in payload
        assert "message" not in payload
        on.bot.answers("block_actions", Response(status_code=500))
        await on.ada.clicks(seen, "More")
        assert (await on.ada.sees(where="modal"))[0].error
        await on.ada.closes()
        with pytest.raises(CannotDo, match="closed"):
            await on.ada.clicks(seen, "More")


async def test_looks_up_options():
    """An external menu asks the bot, offers what it answers, and sends what is chosen."""
    async with stage() as on:
        menu = {"type": "external_select", "action_id": "event", "min_query_length": 2}
        block = {"type": "input", "block_id": "e", "label": plain("Event"), "element": menu}
        await opened(on, modal(block))
        option = {"text": plain("Demo Summit"), "value": "demo"}
        on.bot.answers("block_suggestion", {"options": [option]})
        answer = await on.ada.looks_up(None, "Event", "dem")
        assert answer.options == (option,)
        sent = on.bot.received[-1]
        assert (sent["action_id"], sent["block_id"], sent["value"]) == ("event", "e", "dem")
        await on.ada.submits(None, {"Event": "Demo Summit"})
        values = on.bot.received[-1]["view"]["state"]["values"]
        assert values["e"]["event"]["selected_option"] == option


async def test_options_that_slack_cannot_offer():
    """A bad or failed answer offers nothing; too short a text does not ask at all."""
    async with stage() as on:
        menu = {"type": "external_select", "action_id": "event"}
        await opened(on, modal({"type": "input", "label": plain("Event"), "element": menu}))
        for reply in ({"options": [{"text": "Demo"}]}, Response(status_code=500), "no"):
            on.bot.answers("block_suggestion", reply)
            assert (await on.ada.looks_up(None, "Event", "demo")).options == ()
        assert len(on.slack.problems) == 3
        with pytest.raises(CannotDo, match="from 3 characters"):
            await on.ada.looks_up(None, "Event", "de")
        with pytest.raises(CannotDo, match="0 external menus"):
            await on.ada.looks_up(None, "Evnet", "demo")
