"""Views: a stack of modals and one Home for each user, with ids, hashes and typed values."""

import copy
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from slackbot.sandbox.slack.clock import Changes, Clock
from slackbot.sandbox.slack.errors import Json, SlackError

STACK_LIMIT = 3  # the root and two pushed on it
Values = dict[str, dict[str, Json]]  # entries of state.values by block_id and action_id


def with_ids(blocks: list[Json]) -> list[Json]:
    """Return the blocks with every missing block_id and action_id filled in, as Slack does."""
    filled = copy.deepcopy(blocks)
    for block in filled:
        block.setdefault("block_id", secrets.token_hex(3))
        for element in interactive(block):
            element.setdefault("action_id", secrets.token_hex(3))
    return filled


def interactive(block: Json) -> Iterator[Json]:
    """Yield the elements of one block that a user can press or fill in."""
    for element in (*block.get("elements", ()), block.get("accessory"), block.get("element")):
        holds = block["type"] in {"actions", "section", "input"}
        if holds and isinstance(element, dict) and element["type"] != "image":
            yield element


@dataclass(slots=True)
class View:
    """A modal or Home."""

    id: str
    user: str
    content: Json
    hash: str = ""
    root: str = ""
    previous: str | None = None
    values: Values = field(default_factory=dict)  # typed or chosen
    loaded: dict[str, list[Json]] = field(default_factory=dict)  # external options by action_id
    errors: dict[str, str] = field(default_factory=dict)  # by block_id
    failure: str | None = None  # Slack's own notice
    changed: int = 0  # number of its last change

    @property
    def blocks(self) -> list[Json]:
        """The blocks, with all ids."""
        blocks: list[Json] = self.content["blocks"]
        return blocks


class Views:
    """All open views of one workspace."""

    def __init__(self, team_id: str, clock: Clock, changes: Changes) -> None:
        self.team_id = team_id
        self.modals: dict[str, list[View]] = {}  # by user id, the top one last
        self.homes: dict[str, View] = {}  # by user id
        self._clock = clock
        self._changes = changes
        self._ids = count(1)

    def _new(self, user: str, content: Json) -> View:
        view = View(f"V{next(self._ids):09d}", user, {})
        view.root = view.id
        self._set(view, content)
        return view

    def _set(self, view: View, content: Json) -> None:
        view.content = {**content, "blocks": with_ids(content["blocks"])}
        view.hash = f"{int(self._clock.now())}.{secrets.token_hex(4)}"
        view.errors = {}
        view.failure = None
        kept = {block["block_id"] for block in view.blocks}
        view.values = {block: typed for block, typed in view.values.items() if block in kept}
        self.touch(view)

    def touch(self, view: View) -> None:
        """Record a visible change of a view."""
        view.changed = self._changes.notify()

    def open(self, user: str, content: Json) -> View:
        """Open a modal, which replaces the whole stack."""
        self._unique(content, None)
        view = self._new(user, content)
        self.modals[user] = [view]
        return view

    def push(self, user: str, content: Json) -> View:
        """Push a modal onto the stack.

        Raises:
            SlackError: not_found without a stack, push_limit_reached.
        """
        stack = self.modals.get(user)
        if not stack:
            raise SlackError("not_found")
        if len(stack) >= STACK_LIMIT:
            raise SlackError("push_limit_reached")
        self._unique(content, None)
        view = self._new(user, content)
        view.root, view.previous = stack[0].id, stack[-1].id
        stack.append(view)
        return view

    def update(self, view: View, content: Json, known_hash: object = None) -> None:
        """Replace the content; `known_hash` guards against concurrent updates.

        Raises:
            SlackError: hash_conflict.
        """
        if known_hash is not None and known_hash != view.hash:
            raise SlackError("hash_conflict")
        self._unique(content, view)
        self._set(view, content)

    def publish(self, user: str, content: Json, known_hash: object = None) -> View:
        """Publish a user's Home, whose id never changes."""
        home = self.homes.get(user)
        if home is None:
            home = self.homes[user] = self._new(user, content)
        else:
            self.update(home, content, known_hash)
        return home

    def close(self, view: View) -> None:
        """Close a modal and those above it."""
        stack = self.modals.get(view.user, [])
        if view in stack:
            del stack[stack.index(view) :]
            self._changes.notify()

    def clear(self, user: str) -> None:
        """Close all modals of a user."""
        if self.modals.pop(user, None):
            self._changes.notify()

    def top(self, user: str) -> View | None:
        """Return the modal on a user's screen."""
        stack = self.modals.get(user)
        return stack[-1] if stack else None

    def find(self, *, view_id: object = None, external_id: object = None) -> View:
        """Return an open view by either id.

        Raises:
            SlackError: not_found.
        """
        for view in self._all():
            if view_id == view.id:
                return view
            if external_id and external_id == view.content.get("external_id"):
                return view
        raise SlackError("not_found")

    def _all(self) -> list[View]:
        return [*self.homes.values(), *(v for stack in self.modals.values() for v in stack)]

    def _unique(self, content: Json, but: View | None) -> None:
        wanted = content.get("external_id")
        for view in self._all():
            if wanted and view is not but and view.content.get("external_id") == wanted:
                raise SlackError("duplicate_external_id")
