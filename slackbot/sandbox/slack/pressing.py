"""Pressing a button or taking an option: from what was seen to a block_actions payload."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from slackbot.sandbox.slack import answers, payloads
from slackbot.sandbox.slack.errors import CannotDo, Json, SlackError
from slackbot.sandbox.slack.inputs import choose, fields, options
from slackbot.sandbox.slack.outbound import Answer
from slackbot.sandbox.slack.sight import Button, Seen
from slackbot.sandbox.slack.views import View, interactive
from slackbot.sandbox.slack.workspace import Message

Interact = Callable[[Json], Awaitable[Answer]]


class Pressing:
    """One act on one surface."""

    def __init__(self, actor: payloads.Actor, interact: Interact) -> None:
        self._actor = actor
        self._interact = interact

    async def press(self, surface: Seen, button: Button) -> Answer:
        """A button. One with a URL opens it in the browser and tells the bot as well."""
        answer = await self._act(surface, button.block_id, button.action_id, {})
        return replace(answer, opened=button.url)

    async def choose(self, surface: Seen, menu: str, option: object) -> Answer:
        """An option of a select, an overflow menu, radio buttons or boxes."""
        block, element = _element(surface, menu)
        if element["type"] == "overflow":
            offered = [o for o in options(element) if option in (o["value"], o["text"]["text"])]
            if not offered:
                raise CannotDo(f"{menu!r} has no option {option!r}")
            chosen: Json = {"selected_option": offered[0]}
        else:
            (field,) = (f for f in fields([block]) if f.action_id == element["action_id"])
            chosen = choose(field, option, [])
            self._keep(surface, block["block_id"], element["action_id"], chosen)
        return await self._act(surface, block["block_id"], element["action_id"], chosen)

    def _keep(self, surface: Seen, block_id: str, action_id: str, chosen: Json) -> None:
        where = self._where(surface)
        if isinstance(where, View):
            where.values.setdefault(block_id, {})[action_id] = chosen

    async def _act(self, surface: Seen, block_id: str, action_id: str, chosen: Json) -> Answer:
        where = self._where(surface)
        _, element = _element(surface, action_id)
        at = self._actor.world.clock.ts()
        payload = payloads.interaction(self._actor, "block_actions")
        if isinstance(where, View):
            payload |= payloads.in_view(self._actor, where)
        else:
            payload |= payloads.in_message(self._actor, where)
        payload["actions"] = [payloads.action(element, block_id, at, chosen)]
        answer = await self._interact(payload)
        answers.action_answered(self._actor, where, answer)
        return answer

    def _where(self, surface: Seen) -> Message | View:
        if surface.channel is None:
            try:
                return self._actor.workspace.views.find(view_id=surface.id)
            except SlackError:
                raise CannotDo("this modal was closed") from None
        message = self._actor.workspace.message(surface.channel, surface.id)
        if message is None:
            raise CannotDo("this message was deleted")
        return message


def _element(surface: Seen, action_id: str) -> tuple[Json, Json]:
    for block in surface.blocks:
        for element in interactive(block):
            if element["action_id"] == action_id:
                return block, element
    raise CannotDo(f"nothing has the action_id {action_id!r}")
