"""The proportions and the vocabulary of the code, measured as those of well-kept projects are."""

from __future__ import annotations

import pytest

from tests.meta.house import ROOT, House, strongly_connected

BOT = House.read(ROOT / "slackbot", without=["sandbox"])
WHOLE = House.read(ROOT / "slackbot")
SANDBOX = House.read(ROOT / "slackbot/sandbox")
TESTS = House.read(ROOT / "tests", without=["house.py"])  # that file holds the words it looks for


def test_helpers_say_more_than_their_callers() -> None:
    """At most 5 % of the functions are private, used once and at most three statements long."""
    assert BOT.share_of_short_private <= 5, BOT.short_private_functions


def test_public_functions_have_users() -> None:
    """At most 8 % of the functions are public and named nowhere else in the bot."""
    assert BOT.share_of_unused_public <= 8, BOT.unused_public_functions


def test_docstrings_open_with_a_verb_or_a_noun() -> None:
    """At most 2 % of the docstrings open with a question word."""
    assert BOT.share_of_question_docstrings <= 2, BOT.question_docstrings


def test_attributes_are_explained_by_comments() -> None:
    """At most one string below an attribute for every 1,000 lines."""
    assert BOT.attribute_strings <= BOT.lines / 1000


def test_signatures_and_classes_stay_small() -> None:
    """No function of the bot has over 8 parameters, no class over 15 methods."""
    assert BOT.parameters[0][0] <= 8, BOT.parameters[:3]
    assert BOT.methods[0][0] <= 15, BOT.methods[:3]


def test_imports_go_one_way() -> None:
    """No module imports itself by way of others, for types alone neither, the sandbox included."""
    assert WHOLE.cycles == []


@pytest.mark.parametrize("house", [BOT, SANDBOX, TESTS], ids=["bot", "sandbox", "tests"])
def test_the_vocabulary_is_the_fields_own(house: House) -> None:
    """At most ten lines of each hold a word that meant something here alone."""
    places = [place for found in house.private_words.values() for place in found]
    assert len(places) <= 10, places


def test_cycles_are_found() -> None:
    """A cycle of three and one inside a larger graph are both found, a chain is none."""
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a", "e"}, "e": {"d"}, "f": {"d"}}
    assert sorted(strongly_connected(graph)) == [["a", "b", "c"], ["d", "e"]]
    assert strongly_connected({"a": {"b"}, "b": {"c"}, "c": set()}) == []
