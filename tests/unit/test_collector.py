"""The garbage collector of a process that holds very much."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from slackbot.cli.collector import Collector

MANY = 10**9


class Node:
    """An object in a cycle with itself: only the collector frees it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Leave the collector of the tests' process as it was: all that lives is frozen."""
    yield
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def test_what_a_long_collection_leaves_is_not_looked_at_again():
    """After a full collection that took long, the next one begins with nothing."""
    collector = Collector(freeze_seconds=0.0)
    kept = [Node() for _ in range(1000)]
    gc.collect()
    assert all(one is not kept[0] for one in gc.get_objects())
    collector.close()


def test_a_short_collection_freezes_nothing():
    """What came and went between short collections stays in sight of the collector."""
    collector = Collector(freeze_seconds=MANY)
    frozen = gc.get_freeze_count()
    node = Node()
    gone = weakref.ref(node)
    gc.collect()
    assert gc.get_freeze_count() <= frozen
    del node
    gc.collect()
    assert gone() is None
    collector.close()


def test_garbage_among_what_is_frozen_is_found_when_there_is_little():
    """Cycles that were frozen are freed once the process holds little."""
    collector = Collector(freeze_seconds=0.0, thaw_objects=MANY)
    node = Node()
    gone = weakref.ref(node)
    gc.collect()
    del node
    gc.collect()
    assert gone() is not None
    assert collector.thaw()
    assert gone() is None
    assert gc.get_freeze_count() > 0
    collector.close()


def test_nothing_is_thawed_while_there_is_much():
    """A look at everything would take too long while thousands of feeds are held."""
    collector = Collector(freeze_seconds=0.0, thaw_objects=0)
    gc.collect()
    assert not collector.thaw()
    collector.close()


def test_nothing_is_thawed_twice():
    """What was frozen at the start only is not collected again every ten minutes."""
    collector = Collector(freeze_seconds=MANY, thaw_objects=MANY)
    gc.collect()
    assert not collector.thaw()
    collector.close()
