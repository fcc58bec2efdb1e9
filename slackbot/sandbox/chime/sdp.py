"""SDP offers and answers: the edits that the SDK needs beyond what aiortc does."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from slackbot.sandbox.chime.frames import Track

_SECTION = re.compile(r"(?=^m=)", re.MULTILINE)
_DIRECTION = re.compile(r"^a=(?:sendrecv|sendonly|recvonly)", re.MULTILINE)


@dataclass(frozen=True)
class Section:
    """One media section of an offer; `stopped` if the client has stopped its transceiver."""

    kind: str
    mid: str
    stopped: bool


def sections(offer: str) -> list[Section]:
    """Return the media sections in order. Raise `ValueError` if there is none or one is invalid."""
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


def as_service_answer(answer: str, offered: Iterable[Section]) -> str:
    """Return aiortc's answer as the service would give it.

    The SDK finds a video stream by its msid `v_<mid>`, a convention between it and the service.
    A section offered with port 0 is answered with port 0 and leaves the bundle; aiortc would
    accept it again.
    """
    head, *parts = _SECTION.split(answer)
    for number, section in enumerate(offered):
        msid = f"a=msid:{section.kind[0]}_{section.mid}"
        part = re.sub(r"^a=msid:\S+", msid, parts[number], flags=re.MULTILINE)
        if section.stopped:
            part = _DIRECTION.sub("a=inactive", re.sub(r"^(m=\w+) \d+", r"\1 0", part))
            head = _without(head, section.mid)
        parts[number] = part
    return head + "".join(parts)


def _without(head: str, mid: str) -> str:
    """Remove a section from the bundle group."""
    group = re.compile(rf"^(a=group:BUNDLE\b.*?) {re.escape(mid)}(?=\s)", re.MULTILINE)
    return group.sub(r"\1", head)


def tracks(answer: str, wanted: Mapping[str, int]) -> list[Track]:
    """Return the streams that this answer sends; `wanted` maps mid → stream."""
    found = []
    for part in _SECTION.split(answer)[1:]:
        stream = wanted.get(_section(part).mid, 0)
        ssrc = re.search(r"^a=ssrc:(\d+)", part, re.MULTILINE)
        if stream and ssrc:
            found.append(Track(stream, int(ssrc[1]), _section(part).mid))
    return found


def streams_by_mid(offered: Iterable[Section], wanted: Iterable[int]) -> dict[str, int]:
    """Map mid → stream; `wanted` is in the order of the offer's video sections, 0 for none."""
    videos = [section.mid for section in offered if section.kind == "video"]
    return {mid: stream for mid, stream in zip(videos, wanted, strict=False) if stream}
