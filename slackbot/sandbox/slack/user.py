"""A user at their Slack client, for tests and the demo: types, clicks, fills in, looks, waits.

Every action posts the payload that Slack would send, as a signed request over HTTP or an envelope
over Socket Mode; the bot's response has the effect it has in Slack. Actions return the bot's first
response.
"""

import asyncio
from collections.abc import Mapping

from slackbot.sandbox.slack import payloads
from slackbot.sandbox.slack.bot_client import FORM, BotResponse
from slackbot.sandbox.slack.bot_responses import apply_command_response
from slackbot.sandbox.slack.errors import CannotDo, Json
from slackbot.sandbox.slack.interactions import Interactions
from slackbot.sandbox.slack.screen import Button, Screen, ScreenItem, Wanted
from slackbot.sandbox.slack.state import TEAM_ID, SlackState
from slackbot.sandbox.slack.transport import HttpTransport, Transport, transport_for
from slackbot.sandbox.slack.workspace import Channel, Content, Member, Workspace


class User:
    """A member of one workspace, who uses the bot at `bot_url`."""

    def __init__(
        self, slack: SlackState, workspace: Workspace, member: Member, bot_url: str
    ) -> None:
        self.slack = slack
        self.workspace = workspace
        self.member = member
        self.id = member.id
        self.bot_url = bot_url.rstrip("/")
        self._screen = Screen(slack, workspace, member)
        self._actor = payloads.Actor(slack, workspace, member)

    @property
    def now(self) -> int:
        """The count of changes so far, for `waits_for(since=…)`."""
        return self.slack.changes.count

    # --- actions

    async def types(
        self, text: str, channel: str | None = None, thread: str | None = None
    ) -> BotResponse:
        """Type a slash command in `channel` (default #general; `dm` for the bot's DM).

        Text without a slash is a message to the bot (default in its DM), in the thread of the
        message with the ts `thread`. It reaches the bot as an event, a mention outside of the DM.
        """
        if not text.startswith("/"):
            where = _channel(self, channel or "dm")
            message = self.workspace.post(where.id, Content(text, thread_ts=thread), user=self.id)
            fields: Json = {"text": text, "channel": where.id, "thread_ts": thread}
            if where.is_im:
                return await self.event("message", **fields, channel_type="im", ts=message.ts)
            return await self.event("app_mention", **fields, ts=message.ts)
        where = _channel(self, channel or "general")
        name, _, rest = text.partition(" ")
        form = payloads.command(self._actor, where, name, rest.strip())
        response = await self._transport.command(form)
        apply_command_response(self._actor, where, name, response)
        return response

    async def uses_shortcut(self, callback_id: str) -> BotResponse:
        """Choose a global shortcut from the composer or the search."""
        payload = payloads.interaction(self._actor, "shortcut")
        at = self.slack.clock.ts()
        return await self._transport.interaction(
            payload | {"callback_id": callback_id, "action_ts": at}
        )

    async def clicks(self, surface: ScreenItem, button: str | Button) -> BotResponse:
        """Press a button of a message, modal or Home, by its text, action_id or value.

        The button is looked up in the item as it was seen, so an outdated one can be pressed too.
        """
        return await self._interactions.press(surface, surface.button(button))

    async def chooses(self, surface: ScreenItem, menu: str, option: object) -> BotResponse:
        """Choose an option, by text or value, of the menu with this action_id."""
        return await self._interactions.choose(surface, menu, option)

    async def submits(self, view: ScreenItem | None, values: Mapping[str, object]) -> BotResponse:
        """Fill in and submit the top modal; keys are a block_id, label or action_id.

        Raises:
            CannotDo: Slack's client would not send it: a required field is empty, a text does not
                fit, or an option does not exist.
        """
        return await self._interactions.submit(view, values)

    async def closes(self, view: ScreenItem | None = None) -> BotResponse | None:
        """Close the top modal; the bot is notified only with notify_on_close."""
        return await self._interactions.close(view)

    async def looks_up(self, view: ScreenItem | None, field: str, typed: str = "") -> BotResponse:
        """Type into an external menu of the top modal; `options` are those that it offers."""
        return await self._interactions.look_up(view, field, typed)

    async def opens_home(self, tab: str = "home") -> BotResponse:
        """Open a tab (`home` or `messages`) of the app's Home, which sends app_home_opened."""
        home = self.workspace.views.homes.get(self.id)
        view = payloads.view_body(self.workspace, home) if home and tab == "home" else None
        dm = self.workspace.dm(self.id)
        return await self.event("app_home_opened", channel=dm.id, tab=tab, view=view)

    async def event(
        self,
        type: str,  # noqa: A002 - the field's name
        *,
        event_id: str | None = None,
        retry_num: int | None = None,
        retry_reason: str = "http_timeout",
        **fields: object,
    ) -> BotResponse:
        """Deliver an event once with these `fields`; None omits one (`user=None`)."""
        body = payloads.event(self._actor, type, event_id, fields)
        return await self._transport.event(body, retry_num, retry_reason)

    async def send_raw(
        self, path: str, body: str, headers: Mapping[str, str], *, content_type: str = FORM
    ) -> BotResponse:
        """Send any HTTP request, unsigned unless `headers` sign it (see `signing`)."""
        return await HttpTransport(self.slack, self.bot_url).raw(path, body, headers, content_type)

    # --- the screen

    async def sees(
        self, what: Wanted | None = None, *, where: str | None = None
    ) -> list[ScreenItem]:
        """Return the items on the screen now that match a text or predicate and a place."""
        return self._screen.find(what, where)

    async def waits_for(
        self,
        what: Wanted,
        *,
        where: str | None = None,
        since: int = 0,
        timeout: float = 5.0,  # noqa: ASYNC109 - the word a reader of a test expects
    ) -> ScreenItem:
        """Return the latest match as soon as there is one.

        `since` considers only items that changed after that count (`now`, or `item.changed`).

        Raises:
            CannotDo: nothing matches within `timeout` seconds; the message lists the screen.
        """
        deadline = asyncio.get_running_loop().time() + timeout
        while True:
            changed = self.slack.changes.next()
            found = self._screen.find(what, where, since)
            if found:
                return max(found, key=lambda item: item.changed)
            try:
                async with asyncio.timeout_at(deadline):
                    await changed.wait()
            except TimeoutError:
                wanted = getattr(what, "__name__", "a match") if callable(what) else repr(what)
                place = f" in {where}" if where else ""
                raise CannotDo(
                    f"{self.member.name} saw no {wanted}{place} in {timeout:g} s. "
                    f"They see:\n{self._screen.outline()}"
                ) from None

    @property
    def _transport(self) -> Transport:
        return transport_for(self.slack, self.bot_url)

    @property
    def _interactions(self) -> Interactions:
        return Interactions(self._actor, self._transport.interaction)


def find_user(
    slack: SlackState, name: str, *, bot_url: str | None = None, team: str | None = None
) -> User:
    """Return a user by handle or id, in the default workspace unless `team` names another.

    `bot_url` is the bot's address (default `slack.bot_url`).

    Raises:
        KeyError: the workspace does not exist or has no such user.
    """
    workspace = slack.workspaces[team or TEAM_ID]
    return User(slack, workspace, workspace.named(name), bot_url or slack.bot_url or "")


def _channel(user: User, wanted: str) -> Channel:
    """Return a channel of this user, by id or name; `dm` is the bot's DM."""
    if wanted == "dm":
        return user.workspace.dm(user.id)
    channel = user.workspace.channels.get(wanted) or user.workspace.by_name(wanted)
    if channel is None or user.id not in channel.members:
        raise CannotDo(f"{user.member.name} is not in {wanted}")
    return channel
