"""Promises of receipts: each proves when something was erased, to who has the key alone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slackbot.domain.model import Person, TeamId, UserId
from slackbot.services.receipts import ReceiptRefused, Receipts
from tests.harness.fakes import ANA, BEN, NOON

KEY, OTHER_KEY = bytes(range(32)), bytes(range(1, 33))
ids = st.from_regex(r"[A-Z0-9]{2,12}", fullmatch=True)
people = st.builds(Person, ids.map(TeamId), ids.map(UserId))
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
times = st.integers(0, 34 * 365 * 86_400).map(lambda seconds: FIRST + timedelta(seconds=seconds))


@given(people, times)
def test_a_receipt_says_when_and_whose(person: Person, at: datetime) -> None:
    """To the second, in a form that can be read out, and without the person's id."""
    number = Receipts([KEY]).make(person, at)
    found = Receipts([OTHER_KEY, KEY]).read(number)
    assert found.erased_at == at
    assert found.is_of(person)
    assert re.fullmatch(r"E(-[0-9A-HJKMNP-TV-Z]{4}){5}", number)


@given(people, times, st.integers(0, 19), st.integers(1, 31))
def test_a_changed_receipt_is_refused(person: Person, at: datetime, place: int, by: int) -> None:
    """Whatever letter is another one."""
    letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    number = Receipts([KEY]).make(person, at).removeprefix("E-").replace("-", "")
    changed = letters[(letters.index(number[place]) + by) % 32]
    with pytest.raises(ReceiptRefused):
        Receipts([KEY]).read(f"E-{number[:place]}{changed}{number[place + 1 :]}")


def test_the_time_is_never_before_the_erasure() -> None:
    """What somebody stored in the second of the erasure is from before."""
    for at in (NOON, NOON + timedelta(microseconds=1), NOON + timedelta(milliseconds=999)):
        assert timedelta(0) <= Receipts([KEY]).read(Receipts([KEY]).make(ANA, at)).erased_at - at
    assert Receipts([KEY]).read(Receipts([KEY]).make(ANA, NOON)).erased_at == NOON


def test_a_receipt_is_of_one_person() -> None:
    """Nobody else's, and not of a namesake in another workspace."""
    found = Receipts([KEY]).read(Receipts([KEY]).make(ANA, NOON))
    assert [found.is_of(each) for each in (ANA, BEN, Person(TeamId("T2"), ANA.user))] == [
        True,
        False,
        False,
    ]


def test_each_erasure_has_a_receipt_of_its_own() -> None:
    """A second of difference is enough."""
    receipts = Receipts([KEY])
    assert receipts.make(ANA, NOON) != receipts.make(ANA, NOON + timedelta(seconds=1))


def test_a_receipt_can_be_copied_by_hand() -> None:
    """In small letters, without dashes, and with letters that look like digits."""
    receipts = Receipts([KEY])
    number = receipts.make(ANA, NOON)
    alike = number.replace("0", "O").replace("1", "l")
    for spelt in (number.lower(), number.replace("-", " "), f" {number} ", alike):
        assert receipts.read(spelt).erased_at == NOON


@pytest.mark.parametrize("number", ["", "E-", "E-7F3K-22", "E-" + "U" * 20, "x" * 500, "E-é" * 7])
def test_what_is_no_receipt_is_refused(number: str) -> None:
    """With a reason."""
    with pytest.raises(ReceiptRefused, match="not a receipt"):
        Receipts([KEY]).read(number)


def test_a_key_that_was_removed_is_named_as_the_reason() -> None:
    """Its receipts can no longer be checked, which is not the same as a forged one."""
    number = Receipts([OTHER_KEY]).make(ANA, NOON)
    with pytest.raises(ReceiptRefused, match="SLACKBOT_SECRET_KEYS"):
        Receipts([KEY]).read(number)
    assert KEY.hex() not in repr(Receipts([KEY]))
