"""A foreign JSON value as a tree of objects, of bounded size, for reading it by shape."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from slackbot.accelevents import parsing as values

DEEPEST = 20
MOST_NODES = 400
"""A match as documented needs about ten."""
LONGEST_JSON = 262_144
_FREE_TEXT = frozenset(
    {"fullname", "firstname", "lastname", "name", "title", "company", "profileimage"}
    | {"message", "msg", "text", "comment", "description"}
)
"""Fields that people write. JSON in them is somebody's joke or trick and stays a text."""

T = TypeVar("T")


@dataclass(eq=False, slots=True)
class Node:
    """An object, or an array, which has no fields. `name` is the folded name it stands under."""

    name: str = ""
    parent: Node | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        """This node and everything below it, in the order of the payload."""
        yield self
        for child in self.children:
            yield from child.walk()

    def upwards(self) -> Iterator[Node]:
        """This node and everything above it, nearest first."""
        node: Node | None = self
        while node is not None:
            yield node
            node = node.parent

    def nearest(self, read: Callable[[Node], T | None]) -> T | None:
        """What the smallest surroundings of this node say, or None when they contradict."""
        for around in self.upwards():
            found = [said for said in map(read, around.walk()) if said is not None]
            if found:
                return found[0] if all(said == found[0] for said in found) else None
        return None


class _Builder:
    """Builds the tree, and stops when it grows beyond all reason."""

    def __init__(self) -> None:
        self._left = MOST_NODES

    def add(self, value: object, parent: Node, name: str, depth: int) -> None:
        value = _expanded(value, name)
        if self._left == 0 or depth > DEEPEST or not isinstance(value, (dict, list, tuple)):
            return
        self._left -= 1
        node = Node(name=name, parent=parent)
        parent.children.append(node)
        if isinstance(value, dict):
            node.fields = values.with_folded_names(value)
            for key, inner in node.fields.items():
                self.add(inner, node, key, depth + 1)
        else:
            for inner in value[:MOST_NODES]:
                self.add(inner, node, name, depth + 1)


def _expanded(value: object, name: str) -> object:
    """The value itself, or what a text that holds JSON stands for."""
    if not isinstance(value, str) or name in _FREE_TEXT or len(value) > LONGEST_JSON:
        return value
    if not value.lstrip().startswith(("{", "[")):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def tree(value: object) -> Node:
    """The tree below a root that has no fields of its own."""
    root = Node()
    _Builder().add(value, root, "", 0)
    return root
