"""Offers and answers as text: what aiortc leaves to be done so that the SDK finds its streams."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from slackbot.sandbox.chime.frames import Track

_SECTION = re.compile(r"(?=^m=)", re.MULTILINE)
_DIRECTION = re.compile(r"^a=(?:sendrecv|sendonly|recvonly)", re.MULTILINE)


@dataclass(frozen=True)
class Section:
    """One media section of an offer; `stopped` are transceivers that the client has given up."""

    kind: str
    mid: str
    stopped: bool


def sections(offer: str) -> list[Section]:
    """The sections in their order. Raises ValueError for none, or one that lacks something."""
    found = [_section(text) for text in _SECTION.split(offer)[1:]]
    if not found:
        raise ValueError("there is no media section")
    return found


def _section(text: str) -> Section:
    line = re.match(r"m=(\w+) (\d+) ", text)
    mid = re.search(r"^a=mid:([^\s]+)", text, re.MULTILINE)
    if line is None or mid is None:
        raise ValueError("a media section has no kind, no port or no mid")
    return Section(line[1], mid[1], stopped=line[2] == "0")


def completed(answer: str, offered: Iterable[Section]) -> str:
    """aiortc's answer as the service would give it.

    The SDK finds a picture by the msid `v_<mid>`, which is a convention between it and the
    service. What was offered with port 0 is answered so and leaves the bundle: aiortc would
    accept it again.
    """
    head, *parts = _SECTION.split(answer)
    for at, section in enumerate(offered):
        parts[at] = _named(parts[at], section)
        if section.stopped:
            parts[at] = _stopped(parts[at])
            head = _without(head, section.mid)
    return head + "".join(parts)


def _named(part: str, section: Section) -> str:
    name = f"{section.kind[0]}_{section.mid}"
    return re.sub(r"^a=msid:\S+", f"a=msid:{name}", part, flags=re.MULTILINE)


def _stopped(part: str) -> str:
    return _DIRECTION.sub("a=inactive", re.sub(r"^(m=\w+) \d+", r"\1 0", part))


def _without(head: str, mid: str) -> str:
    group = re.compile(rf"^(a=group:BUNDLE\b.*?) {re.escape(mid)}(?=\s)", re.MULTILINE)
    return group.sub(r"\1", head)


def tracks(answer: str, wanted: Mapping[str, int]) -> list[Track]:
    """The streams (`wanted` is mid → stream) that this answer really sends."""
    found = []
    for part in _SECTION.split(answer)[1:]:
        stream = wanted.get(_section(part).mid, 0)
        ssrc = re.search(r"^a=ssrc:(\d+)", part, re.MULTILINE)
        if stream and ssrc:
            found.append(Track(stream, int(ssrc[1]), _section(part).mid))
    return found


def streams_by_mid(offered: Iterable[Section], wanted: Iterable[int]) -> dict[str, int]:
    """mid → stream: what is wanted comes in the order of the offer's video sections."""
    videos = [section.mid for section in offered if section.kind == "video"]
    return {mid: stream for mid, stream in zip(videos, wanted, strict=False) if stream}
