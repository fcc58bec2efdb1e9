"""A person at their Slack client: types, clicks, fills in, looks, waits.

Every act is a signed request to the bot over HTTP or an envelope over Socket Mode, with the payload
Slack would send, and what the bot answers has the effect it has in Slack. Each act returns the
bot's first answer.
"""

import asyncio
from collections.abc import Callable, Mapping

from slackbot.sandbox.slack import answers, payloads
from slackbot.sandbox.slack.delivery import Delivery, OverHttp, delivery
from slackbot.sandbox.slack.errors import CannotDo, Json
from slackbot.sandbox.slack.inputs import check_complete, fields, fill
from slackbot.sandbox.slack.outbound import FORM, Answer
from slackbot.sandbox.slack.pressing import Pressing
from slackbot.sandbox.slack.sight import Button, Screen, Seen
from slackbot.sandbox.slack.state import World
from slackbot.sandbox.slack.views import View
from slackbot.sandbox.slack.workspace import Channel, Content, Member, Workspace

What = str | Callable[[Seen], bool]


class Person:
    """Drives one member of one workspace against the bot at `bot_url`."""

    def __init__(self, world: World, workspace: Workspace, member: Member, bot_url: str) -> None:
        self.world = world
        self.workspace = workspace
        self.member = member
        self.bot_url = bot_url.rstrip("/")
        self._screen = Screen(world, workspace, member)
        self._actor = payloads.Actor(world, workspace, member)

    @property
    def id(self) -> str:
        """Their Slack user id."""
        return self.member.id

    # --- acts

    async def types(self, text: str, channel: str | None = None) -> Answer:
        """A slash command in `channel` (default #general; `dm` for the bot's direct message).

        Text without a slash is a message to the bot (default in the direct message), which
        reaches it as an event.
        """
        if not text.startswith("/"):
            return await self._says(text, self._channel(channel or "dm"))
        where = self._channel(channel or "general")
        name, _, rest = text.partition(" ")
        form = payloads.command(self._actor, where, name, rest.strip())
        answer = await self._way.command(form)
        answers.command_answered(self._actor, where, name, answer)
        return answer

    async def _says(self, text: str, channel: Channel) -> Answer:
        message = self.workspace.post(channel.id, Content(text), user=self.id)
        kind = "im" if channel.is_im else "channel"
        said: Json = {"text": text, "channel": channel.id, "channel_type": kind, "ts": message.ts}
        return await self.event("message", **said)

    async def clicks(self, surface: Seen, button: str | Button) -> Answer:
        """Press a button of a message, modal or Home, by its text, action_id or value.

        The button is looked for in what was seen, so that a stale sight can be clicked too.
        """
        pressed = surface.button(button)
        return await Pressing(self._actor, self._interact).press(surface, pressed)

    async def chooses(self, surface: Seen, menu: str, option: object) -> Answer:
        """Take an option of a menu outside of an input block, by action_id and its text."""
        return await Pressing(self._actor, self._interact).choose(surface, menu, option)

    async def submits(self, view: Seen | None, values: Mapping[str, object]) -> Answer:
        """Fill in the top modal and press its submit button.

        Keys are a block_id, label or action_id. Raises CannotDo where Slack's client would not
        let the person: a gap, a text that does not fit, an option that is not there.
        """
        modal = self._modal(view)
        if "submit" not in modal.content:
            raise CannotDo("this modal has no submit button")
        modal.errors, modal.trouble = {}, None
        fill(modal, values)
        check_complete(modal)
        payload = payloads.interaction(self._actor, "view_submission")
        payload |= {"view": payloads.view_body(self.workspace, modal), "response_urls": []}
        answer = await self._interact(payload)
        answers.submission_answered(self._actor, modal, answer)
        return answer

    async def closes(self, view: Seen | None = None) -> Answer | None:
        """Close the top modal; the bot hears of it only when it asked to (notify_on_close)."""
        modal = self._modal(view)
        clears = bool(modal.content.get("clear_on_close"))
        body = payloads.view_body(self.workspace, modal)
        if clears:
            self.workspace.views.clear(self.id)
        else:
            self.workspace.views.close(modal)
        if not modal.content.get("notify_on_close"):
            return None
        payload = payloads.interaction(self._actor, "view_closed")
        del payload["trigger_id"]
        return await self._interact(payload | {"view": body, "is_cleared": clears})

    async def looks_up(self, view: Seen | None, field: str, typed: str = "") -> Answer:
        """Type into an external menu of the top modal; its options are in `answer.options`."""
        modal = self._modal(view)
        menus = [f for f in fields(modal.blocks) if "external_select" in f.element["type"]]
        found = [f for f in menus if field in {f.label, f.block_id, f.action_id}]
        if len(found) != 1:
            raise CannotDo(f"{len(found)} external menus are called {field!r}")
        least = found[0].element.get("min_query_length", 3)
        if len(typed) < least:
            raise CannotDo(f"{field!r} asks the bot from {least} characters on")
        payload = payloads.interaction(self._actor, "block_suggestion")
        del payload["trigger_id"]
        payload |= payloads.in_view(self._actor, modal)
        payload |= {"action_id": found[0].action_id, "block_id": found[0].block_id, "value": typed}
        answer = await self._interact(payload)
        offered = answers.options_answered(self._actor, modal, found[0].action_id, answer)
        return _offering(answer, offered)

    async def opens_home(self, tab: str = "home") -> Answer:
        """Look at the app's Home (or `messages`); the bot hears app_home_opened."""
        home = self.workspace.views.homes.get(self.id)
        view = payloads.view_body(self.workspace, home) if home and tab == "home" else None
        dm = self.workspace.dm(self.id)
        return await self.event("app_home_opened", channel=dm.id, tab=tab, view=view)

    async def event(
        self,
        type: str,  # noqa: A002 - the field is called so
        *,
        event_id: str | None = None,
        retry_num: int | None = None,
        retry_reason: str = "http_timeout",
        **fields: object,
    ) -> Answer:
        """One delivery of an event; `fields` go into it, None leaves one out (`user=None`)."""
        body = payloads.event(self._actor, type, event_id, fields)
        return await self._way.event(body, retry_num, retry_reason)

    async def send_raw(
        self, path: str, body: str, headers: Mapping[str, str], *, content_type: str = FORM
    ) -> Answer:
        """Any HTTP request at all, unsigned unless `headers` sign it (see `signing`)."""
        return await OverHttp(self.world, self.bot_url).raw(path, body, headers, content_type)

    # --- sight

    async def sees(self, what: What | None = None, *, where: str | None = None) -> list[Seen]:
        """What is on the screen now, narrowed to a text or predicate and a place."""
        return self._look(what, where, 0)

    async def waits_for(
        self,
        what: What,
        *,
        where: str | None = None,
        since: int = 0,
        timeout: float = 5.0,  # noqa: ASYNC109 - the word a reader of a test expects
    ) -> Seen:
        """The latest match, as soon as there is one; CannotDo with what is seen otherwise.

        `since` looks only at what changed after that count (`now`, or `seen.changed`).
        """
        deadline = asyncio.get_running_loop().time() + timeout
        while True:
            bell = self.world.changes.next()
            found = self._look(what, where, since)
            if found:
                return max(found, key=lambda seen: seen.changed)
            try:
                async with asyncio.timeout_at(deadline):
                    await bell.wait()
            except TimeoutError:
                raise CannotDo(self._unseen(what, where, timeout)) from None

    @property
    def now(self) -> int:
        """The count of changes so far, for `waits_for(since=…)`."""
        return self.world.changes.count

    def _look(self, what: What | None, where: str | None, since: int) -> list[Seen]:
        return [
            seen
            for seen in self._screen.everything()
            if where in {None, seen.where} and seen.changed > since and _fits(seen, what)
        ]

    def _unseen(self, what: What, where: str | None, timeout: float) -> str:
        place = f" in {where}" if where else ""
        seen = "\n".join(s.outline() for s in self._screen.everything()) or "- nothing"
        wanted = repr(what) if isinstance(what, str) else getattr(what, "__name__", "a match")
        return f"{self.member.name} saw no {wanted}{place} in {timeout:g} s. They see:\n{seen}"

    # --- inside

    def _channel(self, wanted: str) -> Channel:
        if wanted == "dm":
            return self.workspace.dm(self.id)
        channel = self.workspace.channels.get(wanted) or self.workspace.by_name(wanted)
        if channel is None or self.id not in channel.members:
            raise CannotDo(f"{self.member.name} is not in {wanted}")
        return channel

    def _modal(self, view: Seen | None) -> View:
        top = self.workspace.views.top(self.id)
        if top is None:
            raise CannotDo(f"{self.member.name} has no modal open")
        if view is not None and view.id != top.id:
            raise CannotDo("another modal is on top, or this one was closed")
        return top

    @property
    def _way(self) -> Delivery:
        return delivery(self.world, self.bot_url)

    async def _interact(self, payload: Json) -> Answer:
        return await self._way.interaction(payload)


def _fits(seen: Seen, what: What | None) -> bool:
    if what is None:
        return True
    if callable(what):
        return what(seen)
    return what in seen.text or what in seen.title


def _offering(answer: Answer, options: list[Json]) -> Answer:
    return Answer(
        answer.status,
        answer.body,
        answer.seconds,
        answer.error,
        answer.headers,
        options=tuple(options),
    )
