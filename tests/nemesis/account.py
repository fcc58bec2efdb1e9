"""The account of a row: what the platform paired, and what stands in people's direct messages."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from slackbot.sandbox.accelevents import Accelevents
from slackbot.sandbox.accelevents.pairing import Pairing
from slackbot.sandbox.slack import Slack
from slackbot.sandbox.slack.workspace import Message


@dataclass(frozen=True, slots=True)
class Figures:
    """One row. Times are seconds from the pairing to the message."""

    made: int
    told: int
    twice: int
    late: int
    p50: float
    p99: float
    inversions: int
    """Messages that overtook one of a match a second older or more."""


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

    def made(self) -> int:
        """How many messages the pairings call for."""
        return sum(len(self._ours(pairing)) for pairing in self._new())

    def told(self) -> int:
        """How many matches were told, each counted once."""
        return len(self._keys())

    def _new(self) -> list[Pairing]:
        return list(self._platform.pairings[self._pairings :])

    def _ours(self, pairing: Pairing) -> list[str]:
        return [name for name in pairing.sides if name in self._people]

    def _keys(self) -> Counter[tuple[str, str]]:
        keys: Counter[tuple[str, str]] = Counter()
        for message in self._slack.workspace.messages[self._messages :]:
            key = _key(message)
            if message.by_bot and key is not None:
                keys[self._channels.get(message.channel, "?"), key] += 1
        return keys

    def figures(self) -> Figures:
        """What it comes to now."""
        keys = self._keys()
        waits = self._waits()
        times = sorted(wait for _, wait in waits)
        return Figures(
            made=self.made(),
            told=len(keys),
            twice=sum(count > 1 for count in keys.values()),
            late=sum(self._is_late(m) for m in self._slack.workspace.messages[self._messages :]),
            p50=times[len(times) // 2] if times else 0.0,
            p99=times[int(len(times) * 0.99)] if times else 0.0,
            inversions=_inversions(waits),
        )

    def _waits(self) -> list[tuple[float, float]]:
        """When each pairing was made and how long its message took; by person, in order."""
        made, told = defaultdict(list), defaultdict(list)
        for pairing in self._new():
            for name in self._ours(pairing):
                made[name].append(pairing.at.timestamp())
        for message in self._slack.workspace.messages[self._messages :]:
            if _key(message) is not None:
                told[self._channels.get(message.channel, "?")].append(float(message.ts))
        return [
            (began, ended - began)
            for name, begins in made.items()
            for began, ended in zip(sorted(begins), sorted(told[name]), strict=False)
        ]

    @staticmethod
    def _is_late(message: Message) -> bool:
        first = [*message.earlier, message.content][0]
        return _key(message) is not None and "You missed a match" in str(first.text)


def _key(message: Message) -> str | None:
    """The key of a match's message, as it was first posted."""
    first = [*message.earlier, message.content][0]
    metadata = first.metadata or {}
    if metadata.get("event_type") != "accelevents_match":
        return None
    key = metadata.get("event_payload", {}).get("key")
    return str(key) if key else None


def _inversions(waits: list[tuple[float, float]]) -> int:
    by_end = sorted(waits, key=lambda it: it[0] + it[1])
    newest, count = float("-inf"), 0
    for began, _ in by_end:
        count += began < newest - 1.0
        newest = max(newest, began)
    return count
