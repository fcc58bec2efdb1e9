"""Every state in which somebody waits has exactly one reason, one sentence and one suggestion."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from slackbot.services.waiting import Reason, Waiting, reason_of
from slackbot.slack.blocks.why import _SENTENCES, why_card
from tests.harness.cards import waits
from tests.harness.sizes import share


def test_every_reason_has_a_sentence() -> None:
    """No two of them share one."""
    assert set(_SENTENCES) == set(Reason)
    assert len(set(_SENTENCES.values())) == len(Reason)


@settings(max_examples=share(1_000, 0.2), deadline=None)
@given(waits, st.integers(0, 3))
def test_exactly_one_reason_and_one_suggestion(waiting: Waiting, others: int) -> None:
    """The card says one thing and has one button, whatever is so at the same time."""
    assert reason_of(waiting.status, others) in Reason
    blocks = why_card(waiting).blocks
    assert [block["type"] for block in blocks if block["type"] != "context"] == [
        "rich_text",
        "actions",
    ]
    (row,) = [block for block in blocks if block["type"] == "actions"]
    assert len(row["elements"]) == 1


@settings(max_examples=share(500, 0.2), deadline=None)
@given(waits)
def test_the_reason_is_true(waiting: Waiting) -> None:
    """What the reason says is so in the status."""
    status, reason = waiting.status, waiting.reason
    waits_now = status.availability is not None and status.availability.state.value == "available"
    is_about_waiting = reason in {
        Reason.UNCONFIRMED,
        Reason.UPDATES_DOWN,
        Reason.NOBODY_ELSE,
        Reason.IN_ORDER,
    }
    assert is_about_waiting is waits_now
    if reason in {Reason.NOBODY_ELSE, Reason.IN_ORDER}:
        assert status.confirmed
        assert status.is_connected
    if reason is Reason.SNOOZED:
        assert status.snooze is not None
