"""The screen of one user: messages, the modal on top, and Home."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from slackbot.sandbox.slack.errors import CannotDo, Json
from slackbot.sandbox.slack.form_fields import fields
from slackbot.sandbox.slack.mrkdwn import Reader, draw_blocks, draw_mrkdwn, links, mentions
from slackbot.sandbox.slack.open_views import View, interactive
from slackbot.sandbox.slack.state import SlackState
from slackbot.sandbox.slack.workspace import Member, Message, Workspace


@dataclass(frozen=True, slots=True)
class Button:
    """A button on the screen."""

    text: str
    action_id: str
    block_id: str
    value: str | None = None
    url: str | None = None
    style: str | None = None


@dataclass(frozen=True, slots=True)
class ScreenItem:
    """A snapshot of one item on the screen."""

    kind: str  # message, ephemeral, error (Slack's own notice), modal or home
    where: str  # dm, #channel, modal or home
    id: str  # a message's ts or a view id
    text: str  # as drawn
    changed: int  # number of its last change, counted over all of Slack
    notification: str = ""  # the drawn top-level text
    title: str = ""
    channel: str | None = None
    from_bot: bool = True
    blocks: list[Json] = field(default_factory=list)
    buttons: tuple[Button, ...] = ()
    fields: tuple[str, ...] = ()  # labels
    errors: dict[str, str] = field(default_factory=dict)  # under fields, by block_id
    error: str | None = None
    metadata: Json | None = None
    earlier: tuple[str, ...] = ()  # drawn texts before each edit
    raw: Json = field(default_factory=dict)

    @property
    def mentions(self) -> set[str]:
        """The users and groups that it notifies."""
        return mentions(self.raw)

    @property
    def links(self) -> set[str]:
        """The clickable addresses in its text."""
        return links(self.raw)

    def button(self, wanted: "str | Button") -> Button:
        """Return the only button with this text, action_id or value."""
        found = [b for b in self.buttons if wanted in (b, b.text, b.action_id, b.value)]
        if len(found) != 1:
            there = ", ".join(f"{b.text!r} ({b.action_id})" for b in self.buttons) or "none"
            raise CannotDo(f"{len(found)} buttons are called {wanted!r}; there are: {there}")
        return found[0]

    def as_json(self) -> Json:
        """Return the fields as a JSON object."""
        return asdict(self)


Wanted = str | Callable[[ScreenItem], bool]  # part of a text or title, or a predicate


class Screen:
    """Draws what one user sees, with their time zone and their conversations."""

    def __init__(self, slack: SlackState, workspace: Workspace, member: Member) -> None:
        self._slack = slack
        self._workspace = workspace
        self._member = member

    def items(self) -> list[ScreenItem]:
        """Return messages, oldest first, then the top modal, then Home."""
        messages = [self._message(m) for m in self._workspace.visible(self._member.id)]
        modal = self._workspace.views.top(self._member.id)
        home = self._workspace.views.homes.get(self._member.id)
        return [*messages, *(self._view(v) for v in (modal, home) if v is not None)]

    def find(
        self, wanted: Wanted | None, where: str | None = None, since: int = 0
    ) -> list[ScreenItem]:
        """Return the items that match, are at `where`, and changed after change `since`."""
        found = [i for i in self.items() if where in {None, i.where} and i.changed > since]
        if wanted is None:
            return found
        if callable(wanted):
            return [item for item in found if wanted(item)]
        return [item for item in found if wanted in item.text or wanted in item.title]

    def outline(self) -> str:
        """Return a list of the items for error messages."""
        lines = []
        for item in self.items():
            title = f"{item.title}: " if item.title else ""
            buttons = " ".join(f"[{b.text}]" for b in item.buttons)
            lines.append(f"- {item.kind} in {item.where}: {title}{item.text} {buttons}".rstrip())
        return "\n".join(lines) or "- nothing"

    def _reader(self) -> Reader:
        names = {m.id: m.name for m in self._workspace.members.values()}
        names |= {c.id: c.name for c in self._workspace.channels.values()}
        return Reader(self._member.tz, self._slack.clock.now(), names)

    def _drawn(self, text: str, blocks: list[Json] | None, *, parsed: bool) -> str:
        if blocks:
            return draw_blocks(blocks, self._reader())
        return draw_mrkdwn(text, self._reader()) if parsed else text

    def _message(self, message: Message) -> ScreenItem:
        content = message.content
        channel = self._workspace.channels[message.channel]
        kind = "message" if message.visible_to is None else "ephemeral"
        blocks = content.blocks or []
        raw = self._workspace.as_slack(message)
        raw |= {"parse": content.parse, "link_names": content.link_names}
        return ScreenItem(
            kind="error" if message.error else kind,
            where="dm" if channel.is_im else f"#{channel.name}",
            id=message.ts,
            text=self._drawn(content.text, blocks, parsed=content.mrkdwn),
            changed=message.changed,
            notification=draw_mrkdwn(content.text, self._reader()),
            channel=message.channel,
            from_bot=message.by_bot,
            blocks=blocks,
            buttons=_buttons(blocks),
            error=message.error,
            metadata=content.metadata,
            earlier=tuple(self._drawn(c.text, c.blocks, parsed=c.mrkdwn) for c in message.earlier),
            raw=raw,
        )

    def _view(self, view: View) -> ScreenItem:
        title = view.content.get("title") or {"text": ""}
        return ScreenItem(
            kind=view.content["type"],
            where=view.content["type"],
            id=view.id,
            text=draw_blocks(view.blocks, self._reader()),
            changed=view.changed,
            title=title["text"],
            blocks=view.blocks,
            buttons=_buttons(view.blocks),
            fields=tuple(f.label for f in fields(view.blocks) if f.label),
            errors=dict(view.errors),
            error=view.failure,
            raw={**view.content, "text": ""},
        )


def _buttons(blocks: list[Json]) -> tuple[Button, ...]:
    """Return every button, top to bottom."""
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
