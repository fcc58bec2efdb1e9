"""The actions of people on the page: each is one request, and acts as a user of the sandbox."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from slackbot.sandbox.playground.cast import Cast
from slackbot.sandbox.playground.timeline import Timeline
from slackbot.sandbox.slack import BotResponse, Button, CannotDo, ScreenItem, Slack, User
from slackbot.sandbox.slack.errors import Json
from slackbot.sandbox.slack.workspace import Content


class Actions:
    """Handlers by name; the docstrings give the JSON fields beside `person`."""

    def __init__(self, slack: Slack, cast: Cast, timeline: Timeline) -> None:
        self._slack = slack
        self._cast = cast
        self._timeline = timeline
        self._handlers: Mapping[str, Callable[[User, Json], Awaitable[BotResponse | None]]] = {
            "type": self.types,
            "press": self.presses,
            "choose": self.chooses,
            "submit": self.submits,
            "close": self.closes,
            "look_up": self.looks_up,
            "home": self.opens_home,
            "shortcut": self.uses_shortcut,
        }

    async def act(self, given: Json) -> Json:
        """Let `person` do what `do` names; return the bot's first answer.

        Raises:
            CannotDo: a chat client would not let them.
        """
        name = given.get("person")
        if name not in self._cast.names:
            raise CannotDo("This person is not here.")
        if given["do"] == "mail":
            self._cast.write_to(name)
            self._slack.changes.notify()
            return {}
        user = self._slack.user(name)
        response = await self._handlers[given["do"]](user, given)
        if response is None:
            return {}
        self._timeline.answered(response)
        return {
            "seconds": response.seconds,
            "error": response.error,
            "options": list(response.options),
        }

    async def types(self, user: User, given: Json) -> BotResponse | None:
        """Type a command or a message: `text`, `place` (a channel's id)."""
        text, place = str(given["text"]), str(given["place"])
        channel = self._slack.workspace.channels[place]
        mention = f"@{self._slack.workspace.members[self._slack.workspace.bot_user_id].name}"
        self._timeline.begin(user.member.name, "types", text)
        if text.startswith("/") or channel.is_im:
            return await user.types(text, place)
        if mention in text:
            text = text.replace(mention, f"<@{self._slack.workspace.bot_user_id}>")
            return await user.types(text, place)
        self._slack.workspace.post(place, Content(text), user=user.id)
        return None

    async def presses(self, user: User, given: Json) -> BotResponse:
        """Press a button: `item`, `block`, `action`."""
        item = await _item(user, given)
        button = _button(item, given)
        self._timeline.begin(user.member.name, "presses", button.text)
        return await user.clicks(item, button)

    async def chooses(self, user: User, given: Json) -> BotResponse:
        """Choose from a menu: `item`, `action`, `option` (a value, or several)."""
        item = await _item(user, given)
        self._timeline.begin(user.member.name, "chooses", str(given.get("label", "")))
        return await user.chooses(item, str(given["action"]), given["option"])

    async def submits(self, user: User, given: Json) -> BotResponse:
        """Submit the top modal: `item`, `values` by block_id."""
        item = await _item(user, given)
        self._timeline.begin(user.member.name, "submits", item.title)
        return await user.submits(item, given["values"])

    async def closes(self, user: User, given: Json) -> BotResponse | None:
        """Close the top modal: `item`."""
        return await user.closes(await _item(user, given))

    async def looks_up(self, user: User, given: Json) -> BotResponse:
        """Type into an external menu: `item`, `action`, `text`."""
        return await user.looks_up(
            await _item(user, given), str(given["action"]), str(given["text"])
        )

    async def opens_home(self, user: User, given: Json) -> BotResponse:
        """Open a tab of the app: `tab`, home or messages."""
        tab = str(given.get("tab", "home"))
        self._timeline.begin(user.member.name, "opens", {"home": "Home"}.get(tab, "the messages"))
        return await user.opens_home(tab)

    async def uses_shortcut(self, user: User, given: Json) -> BotResponse:
        """Choose a global shortcut: `callback`, `label`."""
        self._timeline.begin(user.member.name, "chooses the shortcut", str(given["label"]))
        return await user.uses_shortcut(str(given["callback"]))


async def _item(user: User, given: Json) -> ScreenItem:
    found = await user.sees(lambda item: item.id == given["item"])
    if not found:
        raise CannotDo("This is no longer on the screen.")
    return found[0]


def _button(item: ScreenItem, given: Json) -> Button:
    for button in item.buttons:
        if (button.block_id, button.action_id) == (given["block"], given["action"]):
            return button
    raise CannotDo("This button is no longer there.")
