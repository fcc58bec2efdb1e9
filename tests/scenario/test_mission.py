"""The main job, end to end: connect, become available, be matched, get the message."""

from __future__ import annotations

from .conftest import Mission


async def test_two_people_are_linked_matched_and_notified(mission: Mission) -> None:
    """Both sides of a match get one direct message with the other's name and role."""
    ada, priya = await mission.link("ada"), await mission.link("priya")
    first = await mission.ask(ada, "/networking available First Network Session")
    assert "You're available in First Network Session" in first.text
    second = await mission.ask(priya, "/networking available 11645")
    assert "First Network Session" in second.text
    to_ada = await ada.waits_for("You're matched with Priya Raman", where="dm")
    to_priya = await priya.waits_for("You're matched with Ada Example", where="dm")
    assert "Product lead, Northwind" in to_ada.text
    assert "Engineer, Northwind" in to_priya.text
