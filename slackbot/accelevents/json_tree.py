"""Build a tree of limited size from an untrusted JSON value."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from slackbot.accelevents import parsing
from slackbot.accelevents.json_limits import NESTED

MAX_DEPTH: Final = 20
MAX_NODES: Final = 400  # a documented match has about ten
MAX_FIELDS: Final = 2_000  # in all objects; a documented match has about 100
MAX_JSON: Final = NESTED.size  # total characters or bytes of values that are parsed as JSON
MAX_INDENT: Final = 100  # characters before the first bracket of such a value
# Fields that people fill in. JSON in these fields may be an attack, so it is not parsed.
_FREE_TEXT_FIELDS: Final = frozenset(
    {"fullname", "firstname", "lastname", "name", "title", "company", "profileimage"}
    | {"message", "msg", "text", "comment", "description"}
)

T = TypeVar("T")


@dataclass(eq=False, repr=False, slots=True)
class Node:
    """A JSON object or array. An array has no fields. `name` is the folded name of its field.

    `opaque` marks a binary value that is not JSON.
    """

    name: str = ""
    parent: Node | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)
    opaque: bool = False
    # The cached results of `distinct` for each reader. A tree does not change after it is built.
    _distinct: dict[Callable[[Node], Any], tuple[Any, ...]] = field(default_factory=dict)

    def walk(self) -> Iterator[Node]:
        """Yield this node and all of its descendants in the order of the payload."""
        pending = [self]
        while pending:
            node = pending.pop()
            yield node
            pending += reversed(node.children)

    def upwards(self) -> Iterator[Node]:
        """Yield this node and all of its ancestors, nearest first."""
        node: Node | None = self
        while node is not None:
            yield node
            node = node.parent

    def first(self, names: Iterable[str], read: Callable[[Any], T | None]) -> T | None:
        """Return the value of the first named field that `read` accepts."""
        for name in names:
            if name in self.fields and (value := read(self.fields[name])) is not None:
                return value
        return None

    def distinct(self, read: Callable[[Node], T | None]) -> tuple[T, ...]:
        """Return the first two distinct values in this subtree. Each node is read only once."""
        if (found := self._distinct.get(read)) is None:
            unique: list[T] = [] if (value := read(self)) is None else [value]
            for child in self.children:
                unique += [value for value in child.distinct(read) if value not in unique]
            found = self._distinct[read] = tuple(unique[:2])
        return found

    def nearest(self, read: Callable[[Node], T | None]) -> T | None:
        """Return the value in the smallest enclosing subtree, or None if there are several."""
        for subtree in self.upwards():
            if found := subtree.distinct(read):
                return found[0] if len(found) == 1 else None
        return None


def build_tree(value: object) -> Node:
    """Return a tree of the value below a root without fields.

    Strings or bytes that contain JSON are replaced by the parsed value. Nodes that exceed a limit
    are omitted.
    """
    root = Node()
    pending: list[tuple[Any, Node, str, int]] = [(value, root, "", 0)]
    nodes, fields, unparsed = MAX_NODES, MAX_FIELDS, MAX_JSON
    while pending and nodes and fields > 0:
        item, parent, name, depth = pending.pop()
        if name not in _FREE_TEXT_FIELDS and _may_be_json(item) and len(item) <= unparsed:
            unparsed -= len(item)
            with suppress(ValueError, RecursionError):
                item = json.loads(item) if NESTED.allow_text(item) else item
        opaque = isinstance(item, bytes)
        if depth > MAX_DEPTH or not (opaque or isinstance(item, (dict, list, tuple))):
            continue
        nodes -= 1
        node = Node(name=name, parent=parent, opaque=opaque)
        parent.children.append(node)
        inner: list[tuple[str, Any]] = []
        if isinstance(item, dict):
            node.fields = parsing.fold_names(item)
            fields -= len(node.fields)
            inner = list(node.fields.items())
        elif not opaque:
            inner = [(name, element) for element in item[:MAX_NODES]]
        pending += [(below, node, key, depth + 1) for key, below in reversed(inner)]
    return root


def _may_be_json(item: object) -> bool:
    if isinstance(item, str):
        return item[:MAX_INDENT].lstrip().startswith(("{", "["))
    return isinstance(item, bytes) and item[:MAX_INDENT].lstrip().startswith((b"{", b"["))
