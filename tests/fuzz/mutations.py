"""Mutations of JSON values, each at one known place."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator, Sequence
from typing import Any, Final

Path = tuple[str | int, ...]
MISSING: Final = object()


def paths(value: Any, prefix: Path = ()) -> Iterator[Path]:
    """Yield the path of every place in a JSON value, parents before children."""
    inner: Sequence[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    for key, item in inner:
        yield (*prefix, key)
        yield from paths(item, (*prefix, key))


def value_at(value: Any, path: Path) -> Any:
    """Return the value at a path."""
    for step in path:
        value = value[step]
    return value


def replaced(value: Any, path: Path, replacement: Any) -> Any:
    """Return a copy with another value at a path, or without it for `MISSING`."""
    mutated = copy.deepcopy(value)
    parent = value_at(mutated, path[:-1])
    if replacement is MISSING:
        del parent[path[-1]]
    else:
        parent[path[-1]] = replacement
    return mutated


def replacements(original: Any, rng: random.Random) -> list[Any]:
    """Return values to replace the original, none equal to it."""
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
        rng.choice([[], [[]], [None], [original], ["x"] * 500]),
        rng.choice([{}, {"id": None}, {"id": {}}, {"": ""}, {"value": original}]),
        deep,
    ]
    return [o for o in others if type(o) is not type(original) or o != original]
