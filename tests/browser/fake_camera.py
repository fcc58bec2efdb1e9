"""A drawn person for Chromium's fake camera, so that screenshots of the call show somebody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

WIDTH, HEIGHT = 640, 360
EDGE = 1.5  # pixels over which one colour blends into the next
Colour = tuple[float, float, float]
# Distance of a point from the shape's edge in pixels, negative inside.
Shape = Callable[[float, float], float]


@dataclass(frozen=True)
class Look:
    """Colours from 0 to 255: the wall above and below, clothes, skin, hair."""

    above: Colour
    below: Colour
    clothes: Colour
    skin: Colour
    hair: Colour

    @property
    def shade(self) -> Colour:
        """The skin in the shade."""
        return _mix(self.skin, self.hair, 0.15)

    @property
    def lips(self) -> Colour:
        """Redder than the skin."""
        return _mix(self.skin, (150, 50, 60), 0.7)


LOOKS = {
    "ada": Look((214, 226, 222), (171, 196, 189), (46, 92, 110), (233, 190, 160), (92, 58, 40)),
    "priya": Look((238, 222, 205), (214, 180, 150), (142, 52, 84), (176, 120, 84), (34, 26, 30)),
}


def draw(who: str, file: Path) -> Path:
    """Write the portrait as a video of one frame, which Chromium repeats."""
    rows = [[_pixel(LOOKS[who], x, y) for x in range(WIDTH)] for y in range(HEIGHT)]
    planes = bytes(_luma(c) for row in rows for c in row) + _chroma(rows, 0) + _chroma(rows, 1)
    head = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F15:1 Ip A1:1 C420jpeg\nFRAME\n"
    file.write_bytes(head.encode() + planes)
    return file


def _ellipse(x: float, y: float, width: float, height: float) -> Shape:
    def distance(px: float, py: float) -> float:
        return (((px - x) / width) ** 2 + ((py - y) / height) ** 2) ** 0.5 * min(
            width, height
        ) - min(width, height)

    return distance


SHAPES: Sequence[tuple[Shape, str]] = (
    (_ellipse(320, 175, 92, 118), "hair"),
    (_ellipse(320, 400, 175, 130), "clothes"),
    (_ellipse(320, 275, 36, 52), "shade"),
    (_ellipse(320, 180, 68, 86), "skin"),
    (_ellipse(320, 108, 74, 44), "hair"),
    (_ellipse(296, 178, 6, 7), "hair"),
    (_ellipse(344, 178, 6, 7), "hair"),
    (_ellipse(320, 222, 24, 13), "lips"),
    (_ellipse(320, 216, 28, 13), "skin"),
)


def _pixel(look: Look, x: int, y: int) -> Colour:
    colour = _mix(look.above, look.below, y / HEIGHT)
    for shape, part in SHAPES:
        inside = min(1.0, max(0.0, 0.5 - shape(x, y) / EDGE))
        if inside:
            colour = _mix(colour, getattr(look, part), inside)
    return colour


def _mix(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (a + (b - a) * share for a, b in zip(one, other, strict=True))
    return red, green, blue


def _luma(colour: Colour) -> int:
    red, green, blue = colour
    return round(0.299 * red + 0.587 * green + 0.114 * blue)


def _chroma(rows: list[list[Colour]], which: int) -> bytes:
    """Return Cb (0) or Cr (1), one value for every four pixels."""
    weights = ((-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))[which]
    return bytes(
        round(128 + sum(w * c for w, c in zip(weights, colour, strict=True)))
        for row in rows[::2]
        for colour in row[::2]
    )
