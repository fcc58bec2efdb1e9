"""A chart of a run as SVG: one strip for each thing that must not grow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape

from .samples import Sample

WIDTH, STRIP, LEFT, RIGHT, TOP = 860, 96, 150, 90, 34
COLOURS = ("#2563eb", "#d97706", "#059669")
Series = dict[str, list[float]]


def draw(samples: Sequence[Sample], title: str) -> str:
    """Return the chart as the text of an SVG file."""
    strips: list[tuple[str, Series]] = [
        ("open files", _by_process(samples, lambda sample: sample.files)),
        ("memory, MiB", _by_process(samples, lambda sample: sample.memory)),
        ("tasks", _by_process(samples, lambda sample: sample.tasks)),
        ("rows but history", {"": [float(sum(s.people_rows.values())) for s in samples]}),
        ("database connections", {"": [float(s.connections) for s in samples]}),
        ("feeds", {"": [float(s.feeds) for s in samples]}),
        (
            "matches made, sent",
            {
                "made": [float(s.made) for s in samples],
                "sent": [float(s.sent) for s in samples],
            },
        ),
    ]
    height = TOP + STRIP * len(strips) + 30
    times = [sample.seconds / 60 for sample in samples]
    font = 'font-family="system-ui, sans-serif" font-size="12" fill="#374151"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" {font}>',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="16" y="22" font-size="15" fill="#111827">{escape(title)}</text>',
    ]
    for number, (name, series) in enumerate(strips):
        parts += _strip(name, series, times, TOP + STRIP * number)
    parts.append(f'<text x="{LEFT}" y="{height - 8}">0</text>')
    parts.append(f'<text x="{WIDTH - RIGHT - 44}" y="{height - 8}">{times[-1]:.0f} min</text>')
    return "\n".join([*parts, "</svg>\n"])


def _by_process(samples: Sequence[Sample], of: Callable[[Sample], Mapping[str, float]]) -> Series:
    names = sorted({name for sample in samples for name in of(sample)})
    return {name: [float(of(sample).get(name, 0)) for sample in samples] for name in names}


def _strip(name: str, series: Series, times: Sequence[float], top: float) -> list[str]:
    most = max((max(values) for values in series.values()), default=1.0) or 1.0
    bottom, height = top + STRIP - 14, STRIP - 26
    last = times[-1] or 1.0
    parts = [
        f'<text x="16" y="{top + STRIP / 2}">{escape(name)}</text>',
        f'<line x1="{LEFT}" y1="{bottom}" x2="{WIDTH - RIGHT}" y2="{bottom}" stroke="#d1d5db"/>',
        f'<text x="{LEFT - 8}" y="{bottom - height + 8}" text-anchor="end">{most:,.0f}</text>',
    ]
    for number, (label, values) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        points = " ".join(
            f"{LEFT + (WIDTH - LEFT - RIGHT) * at / last:.1f},{bottom - height * value / most:.1f}"
            for at, value in zip(times, values, strict=True)
        )
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}"/>')
        y = bottom - height + 14 + 15 * number
        parts.append(
            f'<text x="{WIDTH - RIGHT + 8}" y="{y}" fill="{colour}">{escape(label)}</text>'
        )
    return parts
