"""A user in a modal: submitting, closing and looking up, and the effects of the responses."""

import json
from typing import Any

import pytest
from slack_harness import actions, button, modal, opened, plain, running, section, typed
from starlette.responses import JSONResponse, Response

from slackbot.sandbox.slack import CannotDo


async def test_submits_a_form():
    """A submission carries state.values and private_metadata; an empty response closes."""
    async with running() as here:
        view = modal(
            typed("Name", "name"),
            {**typed("Note", "note"), "optional": True},
            callback_id="connect",
            private_metadata='{"a": 1}',
        )
        seen = await opened(here, view)
        assert (seen.title, seen.fields) == ("A form", ("Name", "Note"))
        await here.ada.submits(seen, {"Name": "Ada"})
        sent = here.bot.received[-1]
        assert (sent["type"], sent["view"]["callback_id"]) == ("view_submission", "connect")
        values = sent["view"]["state"]["values"]
        assert values["name"]["name-text"] == {"type": "plain_text_input", "value": "Ada"}
        assert values["note"]["note-text"]["value"] is None
        assert (sent["view"]["private_metadata"], sent["response_urls"]) == ('{"a": 1}', [])
        assert await here.ada.sees(where="modal") == []


async def test_errors_are_shown_under_their_fields():
    """Errors keep the modal open with its values; an unknown block_id shows none."""
    async with running() as here:
        await opened(here, modal(typed("Name", "name"), section("x", block_id="text")))
        here.bot.replies(
            "view_submission", {"response_action": "errors", "errors": {"name": "Too short"}}
        )
        await here.ada.submits(None, {"name": "A"})
        seen = await here.ada.waits_for("Name", where="modal")
        assert seen.errors == {"name": "Too short"}
        for wrong in ("nmae", "text"):
            reply = {"response_action": "errors", "errors": {"name": "a", wrong: "b"}}
            here.bot.replies("view_submission", reply)
            await here.ada.submits(None, {})
            assert (await here.ada.sees(where="modal"))[0].errors == {}
            assert json.dumps([wrong]) == here.slack.problems[-1].detail
        assert here.bot.received[-1]["view"]["state"]["values"]["name"]["name-text"]["value"] == "A"


async def test_a_response_updates_pushes_or_clears():
    """update keeps the id and changes the hash, push adds a view, clear closes all."""
    async with running() as here:
        first = await opened(here, modal(section("first")))
        here.bot.replies(
            "view_submission", {"response_action": "update", "view": modal(section("u"))}
        )
        await here.ada.submits(first, {})
        before = here.bot.received[-1]["view"]["hash"]
        (seen,) = await here.ada.sees(where="modal")
        assert (seen.id, seen.text) == (first.id, "u")
        here.bot.replies(
            "view_submission", {"response_action": "push", "view": modal(section("p"))}
        )
        await here.ada.submits(seen, {})
        assert here.bot.received[-1]["view"]["hash"] != before
        (seen,) = await here.ada.sees(where="modal")
        assert seen.text == "p"
        assert seen.id != first.id
        with pytest.raises(CannotDo, match="on top"):
            await here.ada.submits(first, {})
        here.bot.replies("view_submission", {"response_action": "clear"})
        await here.ada.submits(seen, {})
        assert await here.ada.sees(where="modal") == []


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
async def test_an_invalid_response_to_a_form(reply: Any):
    """The modal stays open, with Slack's own notice in it."""
    async with running() as here:
        await opened(here, modal(typed("Name", "name")))
        here.bot.replies("view_submission", reply)
        await here.ada.submits(None, {"Name": "Ada"})
        (seen,) = await here.ada.sees(where="modal")
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
    """A form that Slack's client would not send is not sent."""
    async with running() as here:
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
        await opened(here, modal(*blocks))
        with pytest.raises(CannotDo, match=said):
            await here.ada.submits(None, values)
        assert [r.get("type") for r in here.bot.received] == [None]


async def test_no_modal_no_submit():
    """Without a modal, or without a submit button, nothing can be submitted."""
    async with running() as here:
        with pytest.raises(CannotDo, match="no modal"):
            await here.ada.submits(None, {})
        view = modal(section("x"))
        del view["submit"]
        await opened(here, view)
        with pytest.raises(CannotDo, match="no submit"):
            await here.ada.submits(None, {})


async def test_what_was_typed_survives_an_update_of_its_block():
    """A text stays with its block_id; another block starts empty."""
    async with running() as here:
        seen = await opened(here, modal(typed("Name", "name")))
        here.bot.replies("view_submission", Response(status_code=500))
        await here.ada.submits(seen, {"name": "Ada"})
        await here.client.views_update(view_id=seen.id, view=modal(typed("Full name", "name")))
        await here.ada.submits(None, {})
        assert "Ada" in json.dumps(here.bot.received[-1]["view"]["state"])
        await here.client.views_update(view_id=seen.id, view=modal(typed("Name", "other")))
        with pytest.raises(CannotDo, match="is empty"):
            await here.ada.submits(None, {})


async def test_closes_a_modal():
    """The bot is notified only with notify_on_close; clear_on_close closes the whole stack."""
    async with running() as here:
        await opened(here, modal(section("x")))
        assert await here.ada.closes() is None
        await opened(here, modal(section("x"), notify_on_close=True))
        assert await here.ada.closes()
        assert (here.bot.received[-1]["type"], here.bot.received[-1]["is_cleared"]) == (
            "view_closed",
            False,
        )
        await opened(here, modal(section("root")))
        push = modal(section("top"), clear_on_close=True, notify_on_close=True)
        here.bot.replies("view_submission", {"response_action": "push", "view": push})
        await here.ada.submits(None, {})
        await here.ada.closes()
        assert here.bot.received[-1]["is_cleared"] is True
        assert await here.ada.sees() == []


async def test_clicks_in_a_modal():
    """A click in a modal has a view and no response_url; a failure is shown in the modal."""
    async with running() as here:
        seen = await opened(here, modal(actions(button("More", "more"))))
        await here.ada.clicks(seen, "More")
        payload = here.bot.received[-1]
        assert payload["view"]["id"] == payload["container"]["view_id"] == seen.id
        assert "response_url" not in payload
        assert "message" not in payload
        here.bot.replies("block_actions", Response(status_code=500))
        await here.ada.clicks(seen, "More")
        assert (await here.ada.sees(where="modal"))[0].error
        await here.ada.closes()
        with pytest.raises(CannotDo, match="closed"):
            await here.ada.clicks(seen, "More")


async def test_looks_up_options():
    """An external menu offers the options of the bot's response, and the chosen one is sent."""
    async with running() as here:
        menu = {"type": "external_select", "action_id": "event", "min_query_length": 2}
        block = {"type": "input", "block_id": "e", "label": plain("Event"), "element": menu}
        await opened(here, modal(block))
        option = {"text": plain("Demo Summit"), "value": "demo"}
        here.bot.replies("block_suggestion", {"options": [option]})
        answer = await here.ada.looks_up(None, "Event", "dem")
        assert answer.options == (option,)
        sent = here.bot.received[-1]
        assert (sent["action_id"], sent["block_id"], sent["value"]) == ("event", "e", "dem")
        await here.ada.submits(None, {"Event": "Demo Summit"})
        values = here.bot.received[-1]["view"]["state"]["values"]
        assert values["e"]["event"]["selected_option"] == option


async def test_invalid_options():
    """An invalid response offers nothing; too short a text is not sent."""
    async with running() as here:
        menu = {"type": "external_select", "action_id": "event"}
        await opened(here, modal({"type": "input", "label": plain("Event"), "element": menu}))
        for reply in ({"options": [{"text": "Demo"}]}, Response(status_code=500), "no"):
            here.bot.replies("block_suggestion", reply)
            assert (await here.ada.looks_up(None, "Event", "demo")).options == ()
        assert len(here.slack.problems) == 3
        with pytest.raises(CannotDo, match="from 3 characters"):
            await here.ada.looks_up(None, "Event", "de")
        with pytest.raises(CannotDo, match="0 external menus"):
            await here.ada.looks_up(None, "Evnet", "demo")
