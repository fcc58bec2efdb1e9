"""Build a tree of bounded size from the objects in a foreign JSON value."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from slackbot.accelevents import parsing

MAX_DEPTH: Final = 20
MAX_NODES: Final = 400  # a match as documented needs about ten
MAX_JSON: Final = 262_144  # characters of a text that is parsed as JSON
# Fields that people write: JSON in them is a joke or an attack, so it stays text.
_FREE_TEXT_FIELDS: Final = frozenset(
    {"fullname", "firstname", "lastname", "name", "title", "company", "profileimage"}
    | {"message", "msg", "text", "comment", "description"}
)

T = TypeVar("T")


@dataclass(eq=False, repr=False, slots=True)
class Node:
    """A JSON object or array; an array has no fields. `name` is the folded name of its field."""

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

    def first(self, names: Iterable[str], read: Callable[[Any], T | None]) -> T | None:
        """Return the first of the named fields that `read` accepts."""
        values = (read(self.fields.get(name)) for name in names)
        return next((value for value in values if value is not None), None)

    def nearest(self, read: Callable[[Node], T | None]) -> T | None:
        """Return the value in the smallest enclosing subtree, or None if it has several."""
        for subtree in self.upwards():
            found = [value for value in map(read, subtree.walk()) if value is not None]
            if found:
                return found[0] if all(value == found[0] for value in found) else None
        return None


def build_tree(value: object) -> Node:
    """Return the tree of a value, below a root without fields.

    Text that contains JSON is replaced by the parsed value.
    """
    root = Node()
    pending: list[tuple[Any, Node, str, int]] = [(value, root, "", 0)]
    remaining = MAX_NODES
    while pending and remaining:
        item, parent, name, depth = pending.pop()
        if (
            isinstance(item, str)
            and name not in _FREE_TEXT_FIELDS
            and len(item) <= MAX_JSON
            and item.lstrip().startswith(("{", "["))
        ):
            with suppress(ValueError, RecursionError):
                item = json.loads(item)
        if depth > MAX_DEPTH or not isinstance(item, (dict, list, tuple)):
            continue
        remaining -= 1
        node = Node(name=name, parent=parent)
        parent.children.append(node)
        if isinstance(item, dict):
            node.fields = parsing.fold_names(item)
            inner = list(node.fields.items())
        else:
            inner = [(name, element) for element in item[:MAX_NODES]]
        pending += [(below, node, key, depth + 1) for key, below in reversed(inner)]
    return root
