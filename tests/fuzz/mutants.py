"""JSON values gone wrong, each in one known place."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator, Sequence
from typing import Any, Final

Path = tuple[str | int, ...]
MISSING: Final = object()


def paths(value: Any, at: Path = ()) -> Iterator[Path]:
    """Every place in a JSON value, the deepest last."""
    inner: Sequence[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    for key, item in inner:
        yield (*at, key)
        yield from paths(item, (*at, key))


def read(value: Any, path: Path) -> Any:
    """What stands there."""
    for step in path:
        value = value[step]
    return value


def mutated(value: Any, path: Path, wrong: Any) -> Any:
    """A copy with something else there, or nothing for `MISSING`."""
    made = copy.deepcopy(value)
    around = read(made, path[:-1])
    if wrong is MISSING:
        del around[path[-1]]
    else:
        around[path[-1]] = wrong
    return made


def wrongs(right: Any, rng: random.Random) -> list[Any]:
    """What may stand in the place of the right value; nothing of it means the same."""
    deep: Any = "x"
    for _ in range(rng.choice([3, 60, 200])):
        deep = rng.choice([[deep], {"id": deep}])
    others = [
        MISSING,
        None,
        True,
        rng.choice([0, -1, 7, 2**63, 10**40, 0.5, -0.0, 1e308]),
        rng.choice(["", " ", "\0", "\u202e", "\ud800", "null", "'; DROP TABLE links; --"]),
        "x" * rng.choice([300, 5_000, 100_000]),
        rng.choice([[], [[]], [None], [right], ["x"] * 500]),
        rng.choice([{}, {"id": None}, {"id": {}}, {"": ""}, {"value": right}]),
        deep,
    ]
    return [wrong for wrong in others if wrong is MISSING or not _same(wrong, right)]


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and one == other
