"""A workspace: its members, conversations, messages and views, and the app's installation."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from zoneinfo import ZoneInfo

from slackbot.sandbox.slack.clock import Changes, Clock
from slackbot.sandbox.slack.errors import Json, SlackError
from slackbot.sandbox.slack.open_views import Views

APP_ID = "A0SANDBOX"
DEFAULT_SCOPES = frozenset({
    "app_mentions:read", "chat:write", "commands", "dnd:read", "im:history", "im:write",
    "users:read",
})  # fmt: skip


@dataclass(slots=True)
class Member:
    """A user of the workspace, or the bot's own user."""

    id: str
    name: str
    real_name: str
    tz: str = "Europe/London"
    email: str | None = None
    deleted: bool = False
    is_bot: bool = False
    is_restricted: bool = False  # a guest
    is_stranger: bool = False
    home_team: str | None = None  # of somebody in a shared channel: their own workspace
    # From when to when their notifications are held back, in seconds since 1970.
    held_back: tuple[int, int] | None = None


@dataclass(slots=True)
class Channel:
    """A public channel, the DM between the bot and one user, or a group DM with several."""

    id: str
    name: str
    members: set[str]
    is_im: bool = False
    is_archived: bool = False


@dataclass(slots=True)
class Content:
    """The content of a message, as the caller gave it; already validated."""

    text: str = ""
    blocks: list[Json] | None = None
    metadata: Json | None = None
    mrkdwn: bool = True
    parse: str | None = None
    link_names: bool = False
    thread_ts: str | None = None


@dataclass(slots=True)
class Message:
    """A message, ephemeral ones and Slack's own notices included."""

    channel: str
    ts: str
    user: str
    content: Content
    by_bot: bool = True
    visible_to: str | None = None  # the only user who sees an ephemeral message
    edited: str | None = None  # ts of the last edit
    deleted: bool = False
    error: str | None = None  # code, for a notice of Slack's own
    changed: int = 0  # number of its last change
    earlier: list[Content] = field(default_factory=list)  # contents before each edit


@dataclass
class Workspace:
    """A Slack team with the app installed."""

    team_id: str
    name: str
    token: str
    clock: Clock
    changes: Changes
    scopes: set[str] = field(default_factory=lambda: set(DEFAULT_SCOPES))
    state: str = "active"  # or the error code that its token gets
    org_wide: bool = False  # its token is of an app that is installed for the whole organisation
    bot_user_id: str = "U0BOT"
    bot_id: str = "B0BOT"
    members: dict[str, Member] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.views = Views(self.team_id, self.clock, self.changes)
        self._ids = count(1)
        self._dms: dict[str, Channel] = {}
        self.members[self.bot_user_id] = Member(
            self.bot_user_id, "networking", "Networking", is_bot=True
        )
        general = Channel("C0GENERAL", "general", {self.bot_user_id})
        self.channels[general.id] = general

    @property
    def domain(self) -> str:
        """The subdomain of the workspace."""
        return self.name.lower().replace(" ", "-")

    def add(
        self, name: str, *, tz: str = "Europe/London", real_name: str = "", email: str | None = None
    ) -> Member:
        """Add a user, who is a member of #general.

        Raises:
            ZoneInfoNotFoundError: `tz` is not a time zone.
        """
        ZoneInfo(tz)
        user_id = "U0" + "".join(c for c in name.upper() if c.isascii() and c.isalnum())
        if user_id in self.members:
            user_id += str(next(self._ids))
        member = Member(user_id, name, real_name or name.title(), tz, email)
        self.members[member.id] = member
        self.channels["C0GENERAL"].members.add(member.id)
        return member

    def named(self, name: str) -> Member:
        """Return a member by handle or id.

        Raises:
            KeyError: there is no such member.
        """
        for member in self.members.values():
            if name in {member.id, member.name}:
                return member
        raise KeyError(f"{self.team_id} has nobody called {name!r}")

    def member(self, user_id: object) -> Member:
        """Return a member by id.

        Raises:
            SlackError: user_not_found.
        """
        member = self.members.get(user_id) if isinstance(user_id, str) else None
        if member is None:
            raise SlackError("user_not_found")
        return member

    def dm(self, user_id: str) -> Channel:
        """Return the bot's DM with a user, which is created on first use.

        Raises:
            SlackError: user_not_found, cannot_dm_bot or user_disabled.
        """
        member = self.member(user_id)
        if member.is_bot:
            raise SlackError("cannot_dm_bot")
        if member.deleted:
            raise SlackError("user_disabled")
        if user_id not in self._dms:
            dm = Channel(
                f"D{next(self._ids):09d}", member.name, {user_id, self.bot_user_id}, is_im=True
            )
            self.channels[dm.id] = self._dms[user_id] = dm
        return self._dms[user_id]

    def group_dm(self, user_ids: Sequence[str]) -> Channel:
        """Return the group DM of the bot with these users, which is created on first use.

        Raises:
            SlackError: user_not_found, cannot_dm_bot or user_disabled.
        """
        for user_id in user_ids:
            self.dm(user_id)  # raises for those who cannot get messages
        members = {self.bot_user_id, *user_ids}
        for channel in self.channels.values():
            if channel.members == members and channel.name.startswith("mpdm-"):
                return channel
        names = "--".join(sorted(self.members[member].name for member in members))
        group = Channel(f"G{next(self._ids):09d}", f"mpdm-{names}-1", members)
        self.channels[group.id] = group
        return group

    def conversation(self, wanted: object) -> Channel:
        """Return a conversation that the bot may post to: a C… or D… id, #name, or U… for a DM.

        Raises:
            SlackError: channel_not_found, not_in_channel, is_archived, or an error of `dm`.
        """
        if not isinstance(wanted, str):
            raise SlackError("channel_not_found")
        if wanted.startswith(("U", "W")):
            if wanted not in self.members:
                raise SlackError("channel_not_found")
            return self.dm(wanted)
        channel = self.channels.get(wanted) or self.by_name(wanted)
        if channel is None:
            raise SlackError("channel_not_found")
        if self.bot_user_id not in channel.members:
            raise SlackError("not_in_channel")
        if channel.is_archived:
            raise SlackError("is_archived")
        return channel

    def by_name(self, name: str) -> Channel | None:
        """Return a public channel by name, with or without `#`."""
        wanted = name.removeprefix("#")
        return next((c for c in self.channels.values() if c.name == wanted and not c.is_im), None)

    def post(
        self,
        channel: str,
        content: Content,
        *,
        user: str | None = None,
        visible_to: str | None = None,
        error: str | None = None,
    ) -> Message:
        """Add a message, of the bot unless `user` is given."""
        message = Message(
            channel,
            self.clock.ts(),
            user or self.bot_user_id,
            content,
            by_bot=user is None,
            visible_to=visible_to,
            error=error,
        )
        self.messages.append(message)
        message.changed = self.changes.notify()
        return message

    def edit(self, message: Message, content: Content) -> None:
        """Replace a message's content and keep the earlier one for tests."""
        message.earlier.append(message.content)
        message.content = content
        message.edited = self.clock.ts()
        message.changed = self.changes.notify()

    def delete(self, message: Message) -> None:
        """Delete a message."""
        message.deleted = True
        message.changed = self.changes.notify()

    def message(self, channel: str, ts: object) -> Message | None:
        """Return a message by its ts, ephemeral ones included, unless it was deleted."""
        for message in reversed(self.messages):
            if message.channel == channel and message.ts == ts and not message.deleted:
                return message
        return None

    def visible(self, user_id: str) -> list[Message]:
        """Return the messages that a user can see, oldest first."""
        return [
            m
            for m in self.messages
            if not m.deleted
            and user_id in self.channels[m.channel].members
            and m.visible_to in {None, user_id}
        ]

    def as_slack(self, message: Message, *, with_metadata: bool = False) -> Json:
        """Return the message object of Slack's payloads and responses."""
        content = message.content
        body: Json = {
            "type": "message",
            "user": message.user,
            "ts": message.ts,
            "team": self.team_id,
            "text": content.text,
        }
        if message.by_bot:
            body |= {"bot_id": self.bot_id, "app_id": APP_ID}
        if content.blocks:
            body["blocks"] = [_as_stored(block) for block in content.blocks]
        if content.thread_ts:
            body["thread_ts"] = content.thread_ts
        if message.edited:
            body["edited"] = {"user": message.user, "ts": message.edited}
        if with_metadata and content.metadata:
            body["metadata"] = content.metadata
        return body


def _as_stored(block: Json) -> Json:
    """Return a block as Slack gives it back: pictures with what it found out about them.

    It accepts these fields in no request.
    """
    accessory = block.get("accessory")
    if not isinstance(accessory, dict) or accessory.get("type") != "image":
        return block
    known = {"image_width": 72, "image_height": 72, "image_bytes": 2048, "is_animated": False}
    return {**block, "accessory": {**accessory, **known, "fallback": "72x72px image"}}
