"""A foreign JSON value as a tree of objects, of bounded size, to be read by shape."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from slackbot.accelevents import parsing

MAX_DEPTH: Final = 20
MAX_NODES: Final = 400  # a match as documented needs about ten
MAX_JSON: Final = 262_144  # characters of a text that is parsed as JSON
# Fields that people write: JSON in them is a joke or an attack, and stays text.
_FREE_TEXT_FIELDS: Final = frozenset(
    {"fullname", "firstname", "lastname", "name", "title", "company", "profileimage"}
    | {"message", "msg", "text", "comment", "description"}
)

T = TypeVar("T")


@dataclass(eq=False, slots=True)
class Node:
    """An object, or an array, which has no fields. `name` is the folded name of its field."""

    name: str = ""
    parent: Node | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        """Yield this node and everything below it, in the order of the payload."""
        yield self
        for child in self.children:
            yield from child.walk()

    def upwards(self) -> Iterator[Node]:
        """Yield this node and everything above it, nearest first."""
        node: Node | None = self
        while node is not None:
            yield node
            node = node.parent

    def nearest(self, read: Callable[[Node], T | None]) -> T | None:
        """Return what the smallest enclosing subtree says, or None when it contradicts itself."""
        for subtree in self.upwards():
            found = [value for value in map(read, subtree.walk()) if value is not None]
            if found:
                return found[0] if all(value == found[0] for value in found) else None
        return None


class _TreeBuilder:
    """Builds a tree of at most `MAX_NODES` nodes."""

    def __init__(self) -> None:
        self._remaining = MAX_NODES

    def add(self, value: object, parent: Node, name: str, depth: int) -> None:
        value = _decoded(value, name)
        if not self._remaining or depth > MAX_DEPTH or not isinstance(value, (dict, list, tuple)):
            return
        self._remaining -= 1
        node = Node(name=name, parent=parent)
        parent.children.append(node)
        if isinstance(value, dict):
            node.fields = parsing.fold_names(value)
            for key, item in node.fields.items():
                self.add(item, node, key, depth + 1)
        else:
            for item in value[:MAX_NODES]:
                self.add(item, node, name, depth + 1)


def build_tree(value: object) -> Node:
    """Return the tree of a value, below a root that has no fields of its own."""
    root = Node()
    _TreeBuilder().add(value, root, "", 0)
    return root


def _decoded(value: object, name: str) -> object:
    """Return the value, or what it stands for if it is a text that holds JSON."""
    if not isinstance(value, str) or name in _FREE_TEXT_FIELDS or len(value) > MAX_JSON:
        return value
    try:
        return json.loads(value) if value.lstrip().startswith(("{", "[")) else value
    except (ValueError, RecursionError):
        return value
