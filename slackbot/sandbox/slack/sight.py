"""What a person has on their screen: messages, the modal on top, Home."""

from dataclasses import asdict, dataclass, field

from slackbot.sandbox.slack.errors import CannotDo, Json
from slackbot.sandbox.slack.inputs import fields
from slackbot.sandbox.slack.mrkdwn import Reader, draw_blocks, draw_mrkdwn, links, mentions
from slackbot.sandbox.slack.state import World
from slackbot.sandbox.slack.views import View, interactive
from slackbot.sandbox.slack.workspace import Channel, Member, Message, Workspace


@dataclass(frozen=True, slots=True)
class Button:
    """One button as it stands."""

    text: str
    action_id: str
    block_id: str
    value: str | None = None
    url: str | None = None
    style: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing on the screen, as it was when looked at.

    `kind` is message, ephemeral, error (Slack's own notice), modal or home; `where` is dm,
    #channel, modal or home; `id` a ts or view id; `text` what is drawn, `notification` the
    top-level text; `fields` the labels to fill in, `errors` those shown under them;
    `changed` grows with every change anywhere; `earlier` what was drawn before edits.
    """

    kind: str
    where: str
    id: str
    text: str
    changed: int
    notification: str = ""
    title: str = ""
    channel: str | None = None
    from_bot: bool = True
    blocks: list[Json] = field(default_factory=list)
    buttons: tuple[Button, ...] = ()
    fields: tuple[str, ...] = ()
    errors: dict[str, str] = field(default_factory=dict)
    error: str | None = None
    metadata: Json | None = None
    earlier: tuple[str, ...] = ()
    raw: Json = field(default_factory=dict)

    @property
    def mentions(self) -> set[str]:
        """Whom it notifies."""
        return mentions(self.raw)

    @property
    def links(self) -> set[str]:
        """Clickable addresses in its text."""
        return links(self.raw)

    def button(self, wanted: "str | Button") -> Button:
        """The one button of this text, action_id or value."""
        found = [b for b in self.buttons if wanted in (b, b.text, b.action_id, b.value)]
        if len(found) != 1:
            there = ", ".join(f"{b.text!r} ({b.action_id})" for b in self.buttons) or "none"
            raise CannotDo(f"{len(found)} buttons are called {wanted!r}; there are: {there}")
        return found[0]

    def as_json(self) -> Json:
        """For the driver over HTTP."""
        return asdict(self)

    def outline(self) -> str:
        """One paragraph for error messages."""
        buttons = " ".join(f"[{b.text}]" for b in self.buttons)
        title = f"{self.title}: " if self.title else ""
        return f"- {self.kind} in {self.where}: {title}{self.text} {buttons}".rstrip()


def buttons(blocks: list[Json]) -> tuple[Button, ...]:
    """Every button, top to bottom."""
    return tuple(
        Button(
            element["text"]["text"],
            element["action_id"],
            block["block_id"],
            element.get("value"),
            element.get("url"),
            element.get("style"),
        )
        for block in blocks
        for element in interactive(block)
        if element["type"] == "button"
    )


class Screen:
    """Looks with one person's eyes: their zone, their conversations, what is meant for them."""

    def __init__(self, world: World, workspace: Workspace, member: Member) -> None:
        self._world = world
        self._workspace = workspace
        self._member = member

    def everything(self) -> list[Seen]:
        """Messages oldest first, then the top modal, then Home."""
        seen = [self.message(m) for m in self._workspace.visible(self._member.id)]
        modal = self._workspace.views.top(self._member.id)
        home = self._workspace.views.homes.get(self._member.id)
        return [*seen, *(self.view(v) for v in (modal, home) if v is not None)]

    def _reader(self) -> Reader:
        names = {m.id: m.name for m in self._workspace.members.values()}
        names |= {c.id: c.name for c in self._workspace.channels.values()}
        return Reader(self._member.tz, self._world.clock.now(), names)

    def _drawn(self, text: str, blocks: list[Json] | None, *, parsed: bool) -> str:
        if blocks:
            return draw_blocks(blocks, self._reader())
        return draw_mrkdwn(text, self._reader()) if parsed else text

    def message(self, message: Message) -> Seen:
        """One message."""
        content = message.content
        kind = "message" if message.visible_to is None else "ephemeral"
        blocks = content.blocks or []
        raw = self._workspace.as_slack(message)
        raw |= {"parse": content.parse, "link_names": content.link_names}
        return Seen(
            kind="error" if message.error else kind,
            where=_where(self._workspace.channels[message.channel]),
            id=message.ts,
            text=self._drawn(content.text, blocks, parsed=content.mrkdwn),
            changed=message.changed,
            notification=draw_mrkdwn(content.text, self._reader()),
            channel=message.channel,
            from_bot=message.by_bot,
            blocks=blocks,
            buttons=buttons(blocks),
            error=message.error,
            metadata=content.metadata,
            earlier=tuple(self._drawn(c.text, c.blocks, parsed=c.mrkdwn) for c in message.earlier),
            raw=raw,
        )

    def view(self, view: View) -> Seen:
        """One modal or Home."""
        title = view.content.get("title") or {"text": ""}
        return Seen(
            kind=view.content["type"],
            where=view.content["type"],
            id=view.id,
            text=draw_blocks(view.blocks, self._reader()),
            changed=view.changed,
            title=title["text"],
            blocks=view.blocks,
            buttons=buttons(view.blocks),
            fields=tuple(f.label for f in fields(view.blocks) if f.label),
            errors=dict(view.errors),
            error=view.trouble,
            raw={**view.content, "text": ""},
        )


def _where(channel: Channel) -> str:
    return "dm" if channel.is_im else f"#{channel.name}"
