"""The account of a row: what the platform paired, and what stands in people's direct messages.

A match is one side of a pairing: this person with that partner. Messages are held against matches
side by side, so that one that is lost is not made up for by another's second message, nor by a
message of the same match under a second key.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass

from slackbot.sandbox.accelevents import Accelevents
from slackbot.sandbox.accelevents.pairing import Pairing
from slackbot.sandbox.slack import Slack
from slackbot.sandbox.slack.workspace import Message

# A person's name, and their partner's.
Side = tuple[str, str]
# How the people of a stage are named; in a match's message the first is the partner.
NAME = re.compile(r"guest\d{4}", re.IGNORECASE)
LATE = "You were matched while I was offline"


@dataclass(frozen=True, slots=True)
class Figures:
    """One row. Times are seconds from the pairing to the message."""

    made: int
    sent: int
    twice: int
    late: int
    p50: float
    p99: float
    # Messages that overtook one of a match a second older or more.
    inversions: int


@dataclass(frozen=True, slots=True)
class Sent:
    """One message of a match."""

    side: Side
    key: str
    at: float
    late: bool


class Account:
    """Counts from the moment it is made."""

    def __init__(self, slack: Slack, platform: Accelevents, people: dict[str, str]) -> None:
        """`people` are the attendees' names, and their ids in Slack."""
        self._slack = slack
        self._platform = platform
        self._people = people
        self._channels = {slack.workspace.dm(user).id: name for name, user in people.items()}
        self._pairings = len(platform.pairings)
        self._messages = len(slack.workspace.messages)
        self._heard: list[Sent] = []
        # Where rows are lost, a later match with the same partner has the key of the one whose row
        # is gone. Then messages are counted instead of keys.
        self.rows_are_lost = False

    def made(self) -> int:
        """How many messages the pairings call for."""
        return sum(len(self._ours(pairing)) for pairing in self._new())

    def sent(self) -> int:
        """How many matches were sent, each counted once."""
        return sum((self._made() & self._keys()).values())

    def missed_reports(self) -> list[Side]:
        """Which were not."""
        return sorted((self._made() - self._keys()).elements())

    def doubled(self) -> list[str]:
        """What was sent too often, in words: whom, and when under which keys."""
        sent, made = self._sent(), self._made()
        times = Counter((message.side, message.key) for message in sent)
        keys = self._keys()
        again = [] if self.rows_are_lost else [pair for pair, n in times.items() if n > 1]
        too_many = {side for side, _ in again}
        too_many |= {side for side, n in keys.items() if n > made[side]}
        return [self._story(side) for side in sorted(too_many)]

    def _story(self, side: Side) -> str:
        name, partner = side
        every = self._platform.pairings  # those before this account too
        met = [f"{p.at.timestamp():.1f}" for p in every if set(p.sides) == set(side)]
        sent = [
            f"{message.at:.1f} {message.key[:6]}{' late' if message.late else ''}"
            for message in self._sent()
            if message.side == side
        ]
        return f"{name} met {partner} at {', '.join(met)} and was sent at {', '.join(sent)}"

    def figures(self) -> Figures:
        """What it comes to now."""
        sent = self._sent()
        waits = self._waits(sent)
        times = sorted(wait for _, wait in waits)
        return Figures(
            made=self.made(),
            sent=self.sent(),
            twice=self._twice(sent),
            late=sum(message.late for message in sent),
            p50=times[len(times) // 2] if times else 0.0,
            p99=times[int(len(times) * 0.99)] if times else 0.0,
            inversions=_inversions(waits),
        )

    def _twice(self, sent: list[Sent]) -> int:
        """Messages too many: a key once more, or a side more often than it met."""
        again = len(sent) - len({(message.side[0], message.key) for message in sent})
        if self.rows_are_lost:
            again = 0
        return again + sum((self._keys() - self._made()).values())

    def _new(self) -> list[Pairing]:
        return list(self._platform.pairings[self._pairings :])

    def _ours(self, pairing: Pairing) -> list[str]:
        return [name for name in pairing.sides if name in self._people]

    def _made(self) -> Counter[Side]:
        return Counter(
            (name, pairing.partner_of(name))
            for pairing in self._new()
            for name in self._ours(pairing)
        )

    def _keys(self) -> Counter[Side]:
        """How many different keys each side was sent under."""
        if self.rows_are_lost:
            return Counter(message.side for message in self._sent())
        return Counter(
            side for side, _ in {(message.side, message.key) for message in self._sent()}
        )

    def _sent(self) -> list[Sent]:
        """Read once: what a message said first does not change."""
        messages = self._slack.workspace.messages
        read = (self._read(message) for message in messages[self._messages :] if message.by_bot)
        self._heard.extend(message for message in read if message is not None)
        self._messages = len(messages)
        return [message for message in self._heard if message.side[0] in self._people]

    def _read(self, message: Message) -> Sent | None:
        """A match's message, as it was first posted; None for any other."""
        first = [*message.earlier, message.content][0]
        metadata = first.metadata or {}
        if metadata.get("event_type") != "accelevents_match":
            return None
        partner = NAME.search(f"{first.text} {first.blocks}")
        side = self._channels.get(message.channel, "?"), partner[0].lower() if partner else "?"
        key = str(metadata.get("event_payload", {}).get("key"))
        return Sent(side, key, float(message.ts), LATE in str(first.text))

    def _waits(self, sent: list[Sent]) -> list[tuple[float, float]]:
        """When each pairing was made and how long its message took, the first with the first."""
        begins, ends = defaultdict(list), defaultdict(list)
        for pairing in self._new():
            for name in self._ours(pairing):
                begins[name, pairing.partner_of(name)].append(pairing.at.timestamp())
        for message in sent:
            ends[message.side].append(message.at)
        return [
            (began, ended - began)
            for side, made in begins.items()
            for began, ended in zip(sorted(made), sorted(ends[side]), strict=False)
        ]


def _inversions(waits: list[tuple[float, float]]) -> int:
    by_end = sorted(waits, key=lambda wait: wait[0] + wait[1])
    newest, count = float("-inf"), 0
    for began, _ in by_end:
        count += began < newest - 1.0
        newest = max(newest, began)
    return count
