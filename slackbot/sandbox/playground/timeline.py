"""What happens: every hop of the last action, with the milliseconds since it began."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Final

from slackbot.sandbox.accelevents import Accelevents
from slackbot.sandbox.playground.requests import Recorder
from slackbot.sandbox.slack import BotResponse, Slack
from slackbot.sandbox.slack.errors import Json
from slackbot.sandbox.slack.mrkdwn import Reader, draw_mrkdwn
from slackbot.sandbox.slack.workspace import Message

_MOST: Final = 60  # hops of one action that are shown
_LONGEST: Final = 90  # characters of what was typed or is seen


@dataclass(frozen=True)
class Hop:
    """One hop, at `at` in Unix seconds; `kind` is person, bot, slack, platform, socket or sees."""

    at: float
    kind: str
    what: str
    who: str | None = None
    detail: str = ""
    seconds: float | None = None
    ok: bool = True


class Timeline:
    """The hops since the last action began."""

    def __init__(self, slack: Slack, platform: Accelevents, recorder: Recorder) -> None:
        self._slack = slack
        self._platform = platform
        self._recorder = recorder
        self._to_unix = time.time() - time.monotonic()
        self._first: Hop | None = None
        self._answer: Hop | None = None

    def begin(self, who: str | None, verb: str, what: str) -> None:
        """Begin with an action of somebody, or with a fault of the desk (`who` None)."""
        self._answer = None
        self._first = Hop(time.time(), "person" if who else "fault", f"{verb} {_short(what)}", who)
        self._slack.changes.notify()

    def answered(self, response: BotResponse) -> None:
        """Add the bot's first answer to the action."""
        if self._first is not None:
            said = response.error or "answered"
            self._answer = Hop(
                self._first.at + response.seconds,
                "bot",
                "first answer",
                detail=said,
                seconds=response.seconds,
                ok=response.ok,
            )
            self._slack.changes.notify()

    def as_json(self) -> list[Json]:
        """Return the hops in the order of time; `ms` is counted from the first."""
        if self._first is None:
            return []
        since = self._first.at
        parts: list[Callable[[float], Iterator[Hop]]] = [
            self._requests,
            self._connections,
            self._events,
            self._messages,
        ]
        hops = [hop for part in parts for hop in part(since)]
        hops += [self._answer] if self._answer else []
        hops.sort(key=lambda hop: hop.at)
        return [
            asdict(hop) | {"ms": max(0.0, (hop.at - since) * 1000)}
            for hop in (self._first, *hops[: _MOST - 1])
        ]

    def _requests(self, since: float) -> Iterator[Hop]:
        for request in self._recorder.requests:
            if request.at >= since:
                kind = "slack" if request.server == "slack" else "platform"
                yield Hop(
                    request.at,
                    kind,
                    request.what,
                    request.who,
                    request.outcome,
                    request.seconds,
                    request.ok,
                )

    def _connections(self, since: float) -> Iterator[Hop]:
        for change in self._recorder.connections:
            if change.at >= since:
                what = "live connection opened" if change.opened else "live connection closed"
                yield Hop(change.at, "socket", what, change.who, ok=change.opened)

    def _events(self, since: float) -> Iterator[Hop]:
        for sent in self._platform.sent:
            at = sent.at + self._to_unix
            if at >= since:
                heard = "" if sent.connections else "nobody listens"
                yield Hop(at, "socket", sent.event, sent.attendee, heard, ok=bool(sent.connections))

    def _messages(self, since: float) -> Iterator[Hop]:
        for message in self._slack.workspace.messages:
            changed_at = float(message.edited or message.ts)
            if message.by_bot and changed_at >= since and not message.deleted:
                yield Hop(
                    changed_at,
                    "sees",
                    "an edited message" if message.edited else "a new message",
                    self._reader_of(message),
                    self._shown(message),
                )

    def _reader_of(self, message: Message) -> str | None:
        channel = self._slack.workspace.channels[message.channel]
        if message.visible_to is not None:
            return self._slack.workspace.members[message.visible_to].name
        return channel.name if channel.is_im else None

    def _shown(self, message: Message) -> str:
        names = {member.id: member.name for member in self._slack.workspace.members.values()}
        text = draw_mrkdwn(message.content.text, Reader(now=self._slack.clock.now(), names=names))
        return _short(text.partition("\n")[0])


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
