"""The actions of a user on messages, modals and Home, posted as interactive payloads."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from slackbot.sandbox.slack import bot_responses, payloads
from slackbot.sandbox.slack.bot_client import BotResponse
from slackbot.sandbox.slack.errors import CannotDo, Json, SlackError
from slackbot.sandbox.slack.form_fields import check_complete, choose, fields, fill, options
from slackbot.sandbox.slack.open_views import View, interactive
from slackbot.sandbox.slack.screen import Button, ScreenItem
from slackbot.sandbox.slack.workspace import Message


class Interactions:
    """The actions of one user; each posts a payload with `send` and applies the response."""

    def __init__(
        self, actor: payloads.Actor, send: Callable[[Json], Awaitable[BotResponse]]
    ) -> None:
        self._actor = actor
        self._send = send

    # --- block_actions

    async def press(self, surface: ScreenItem, button: Button) -> BotResponse:
        """Press a button; one with a URL opens it in the browser and notifies the bot as well."""
        response = await self._act(surface, button.block_id, button.action_id, {})
        return replace(response, opened=button.url)

    async def choose(self, surface: ScreenItem, menu: str, option: object) -> BotResponse:
        """Choose from a select, an overflow menu, radio buttons or checkboxes."""
        block, element = _element(surface, menu)
        if element["type"] == "overflow":
            offered = [o for o in options(element) if option in (o["value"], o["text"]["text"])]
            if not offered:
                raise CannotDo(f"{menu!r} has no option {option!r}")
            chosen: Json = {"selected_option": offered[0]}
        else:
            (field,) = (f for f in fields([block]) if f.action_id == element["action_id"])
            chosen = choose(field, option, [])
            where = self._target(surface)
            if isinstance(where, View):
                where.values.setdefault(block["block_id"], {})[element["action_id"]] = chosen
        return await self._act(surface, block["block_id"], element["action_id"], chosen)

    async def _act(
        self, surface: ScreenItem, block_id: str, action_id: str, chosen: Json
    ) -> BotResponse:
        where = self._target(surface)
        _, element = _element(surface, action_id)
        at = self._actor.slack.clock.ts()
        payload = payloads.interaction(self._actor, "block_actions")
        if isinstance(where, View):
            payload |= payloads.in_view(self._actor, where)
        else:
            payload |= payloads.in_message(self._actor, where)
        payload["actions"] = [payloads.action(element, block_id, at, chosen)]
        response = await self._send(payload)
        bot_responses.apply_action_response(self._actor, where, response)
        return response

    def _target(self, surface: ScreenItem) -> Message | View:
        if surface.channel is None:
            try:
                return self._actor.workspace.views.find(view_id=surface.id)
            except SlackError:
                raise CannotDo("this modal was closed") from None
        message = self._actor.workspace.message(surface.channel, surface.id)
        if message is None:
            raise CannotDo("this message was deleted")
        return message

    # --- the top modal

    async def submit(self, item: ScreenItem | None, values: Mapping[str, object]) -> BotResponse:
        """Fill in and submit the top modal, which must be `item` unless that is None."""
        modal = self._top_modal(item)
        if "submit" not in modal.content:
            raise CannotDo("this modal has no submit button")
        modal.errors, modal.failure = {}, None
        fill(modal, values)
        check_complete(modal)
        payload = payloads.interaction(self._actor, "view_submission")
        view = payloads.view_body(self._actor.workspace, modal)
        response = await self._send(payload | {"view": view, "response_urls": []})
        bot_responses.apply_submission_response(self._actor, modal, response)
        return response

    async def close(self, item: ScreenItem | None) -> BotResponse | None:
        """Close the top modal; the bot is notified only with notify_on_close."""
        modal = self._top_modal(item)
        clears = bool(modal.content.get("clear_on_close"))
        body = payloads.view_body(self._actor.workspace, modal)
        if clears:
            self._actor.workspace.views.clear(self._actor.member.id)
        else:
            self._actor.workspace.views.close(modal)
        if not modal.content.get("notify_on_close"):
            return None
        payload = payloads.interaction(self._actor, "view_closed")
        del payload["trigger_id"]
        return await self._send(payload | {"view": body, "is_cleared": clears})

    async def look_up(self, item: ScreenItem | None, name: str, typed: str) -> BotResponse:
        """Type into the external menu with this label, block_id or action_id."""
        modal = self._top_modal(item)
        menus = [f for f in fields(modal.blocks) if "external_select" in f.element["type"]]
        found = [f for f in menus if name in {f.label, f.block_id, f.action_id}]
        if len(found) != 1:
            raise CannotDo(f"{len(found)} external menus are called {name!r}")
        least = found[0].element.get("min_query_length", 3)
        if len(typed) < least:
            raise CannotDo(f"{name!r} asks the bot from {least} characters on")
        payload = payloads.interaction(self._actor, "block_suggestion")
        del payload["trigger_id"]
        payload |= payloads.in_view(self._actor, modal)
        payload |= {"action_id": found[0].action_id, "block_id": found[0].block_id, "value": typed}
        response = await self._send(payload)
        offered = bot_responses.apply_options_response(
            self._actor, modal, found[0].action_id, response
        )
        return replace(response, options=tuple(offered))

    def _top_modal(self, item: ScreenItem | None) -> View:
        top = self._actor.workspace.views.top(self._actor.member.id)
        if top is None:
            raise CannotDo(f"{self._actor.member.name} has no modal open")
        if item is not None and item.id != top.id:
            raise CannotDo("another modal is on top, or this one was closed")
        return top


def _element(surface: ScreenItem, action_id: str) -> tuple[Json, Json]:
    """Return the element with this action_id, after its block."""
    for block in surface.blocks:
        for element in interactive(block):
            if element["action_id"] == action_id:
                return block, element
    raise CannotDo(f"nothing has the action_id {action_id!r}")
