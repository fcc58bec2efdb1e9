"""Matching reports to known matches, from the socket and from the match list."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from slackbot.domain import matching
from slackbot.domain.matching import (
    ASSUMED_ROUND,
    find_existing_match,
    match_id,
    missed_reports,
    next_match,
    partner_key,
    same_partner,
)
from slackbot.domain.model import Match, MatchReport, Partner, Source
from tests.harness.fakes import (
    ANA,
    BEN,
    CALL,
    COFFEE,
    NOON,
    TEA,
    YAN,
    ZOE,
    epoch_of,
    link,
    match,
    report,
    row,
)

LATER = NOON + ASSUMED_ROUND
NAMELESS_ID = Partner(name="Zoë")


def following(new: MatchReport, known: list[Match], source: Source = Source.SOCKET) -> Match:
    return next_match(
        link(),
        COFFEE,
        "Coffee",
        new,
        known=known,
        source=source,
        now=NOON,
    )


# --- partners and keys ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (ZOE, replace(ZOE, name="Another name"), True),
        (ZOE, replace(ZOE, account_id=1), False),
        (ZOE, Partner(name="  zOË "), True),
        (Partner(name="Zoë A"), Partner(name="zoë  a"), True),
        (ZOE, YAN, False),
    ],
)
def test_partners_are_the_same_by_id_else_by_name(one: Partner, other: Partner, same: bool):
    """Two ids decide; if one is missing the name does, without regard to case and spacing."""
    assert same_partner(one, other) is same
    assert same_partner(other, one) is same


def test_a_partner_key_is_the_id_else_the_name():
    """An id and a name that looks like one are different keys."""
    assert partner_key(ZOE) == "id:9"
    assert partner_key(Partner(name=" Zoë  B ")) == "name:zoë b"


def test_a_match_key_is_one_for_each_pairing_of_each_person():
    """The key reveals nobody, and differs if any part of what it stands for differs."""
    changes: list[dict[str, Any]] = [
        {},
        {"link": link(BEN)},
        {"link": link(person_epoch="f" * 16)},
        {"link": link(event="expo2")},
        {"link": link(account_id=3)},
        {"link": link(account_id=None)},
        {"session_id": TEA},
        {"partner": "id:10"},
        {"ordinal": 2},
    ]
    parts = {"link": link(), "session_id": COFFEE, "partner": "id:9", "ordinal": 1}
    keys = {match_id(**parts | change) for change in changes}
    assert len(keys) == len(changes)
    assert all(re.fullmatch("[0-9a-f]{16}-[0-9a-f]{32}", key) for key in keys)
    assert matching.epoch_of(match_id(**parts)) == epoch_of(ANA)
    assert matching.epoch_of("0" * 32) is None
    assert match_id(**parts) in keys


# --- reports of the socket -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "reported", "same"),
    [
        ({"meeting_digest": "m"}, {"meeting_digest": "m", "raw_time": "2"}, True),
        ({"meeting_digest": "m", "raw_time": "1"}, {"meeting_digest": "n", "raw_time": "1"}, False),
        ({"raw_time": "1"}, {"raw_time": "1"}, True),
        ({"raw_time": "1"}, {"raw_time": "2"}, False),
        ({"raw_time": "1"}, {"meeting_digest": "m"}, True),
        ({}, {}, True),
    ],
)
def test_the_strongest_evidence_of_both_decides(
    known: dict[str, Any], reported: dict[str, Any], same: bool
):
    """The Chime meeting comes before the raw time, the raw time before a round that goes on."""
    earlier = match(**known)
    found = find_existing_match(report(**reported), [earlier], NOON)
    assert found == (earlier if same else None)


@pytest.mark.parametrize("evidence", [{"meeting_digest": "m"}, {"raw_time": "1"}])
def test_shared_evidence_never_expires(evidence: dict[str, Any]):
    """The same meeting, or the same raw time, an hour later is the same match."""
    earlier = match(**evidence)
    assert find_existing_match(report(**evidence), [earlier], NOON + timedelta(hours=1)) == earlier


@pytest.mark.parametrize(
    ("ends_at", "over"),
    [(None, LATER), (NOON + timedelta(seconds=60), NOON + timedelta(minutes=1))],
)
def test_without_evidence_the_round_decides(ends_at: Any, over: Any):
    """A second report within the round is the same match; after the round it is a new one."""
    earlier = match(ends_at=ends_at)
    assert find_existing_match(report(), [earlier], over - timedelta(seconds=1)) == earlier
    assert find_existing_match(report(), [earlier], over) is None


def test_the_latest_pairing_comes_first():
    """Of two possible pairings the later one is meant; those with others never are."""
    first, second = match(ordinal=1), match(ordinal=2)
    other = match(YAN, ordinal=3)
    assert find_existing_match(report(), [first, other, second], NOON) == second
    assert find_existing_match(report(Partner(name="Xu")), [first, other, second], NOON) is None


def test_the_socket_is_late_for_a_match_of_the_list():
    """A listed match has another time format, so the round decides."""
    listed = match(source=Source.LIST, raw_time="04.05.2026 17:30")
    new = report(raw_time="2026/05/04 12:00", meeting_digest="m")
    assert find_existing_match(new, [listed], NOON) == listed
    assert find_existing_match(new, [listed], LATER) is None


def test_a_match_from_before_is_never_meant():
    """A match from before the person was available is over: every report is another one."""
    before = match(source=Source.BEFORE, raw_time="17:30")
    assert find_existing_match(report(), [before], NOON) is None
    assert find_existing_match(report(raw_time="12:00"), [before], NOON) is None
    assert find_existing_match(report(raw_time="17:30"), [before], NOON) is None


def test_available_again_means_a_new_pairing():
    """Without stronger evidence, a report after the person became available again is new."""
    for source in (Source.SOCKET, Source.LIST):
        known = match(source=source, raw_time=None)
        later = known.received_at + timedelta(seconds=1)
        assert find_existing_match(report(), [known], later, since=later) is None
        assert find_existing_match(report(), [known], later, since=known.received_at) == known


# --- the match list ------------------------------------------------------------------------------


def test_rows_are_counted_against_known_matches():
    """Only the rows in excess of the known pairings with that partner are new."""
    known = [match(raw_time="12:00"), match(YAN)]
    assert missed_reports([], known) == []
    assert missed_reports([row(), row(YAN)], known) == []
    fresh = row(minute=9)
    assert missed_reports([fresh, row(YAN), row()], known) == [fresh]
    assert missed_reports([row(), row(YAN)], []) == [row(), row(YAN)]


def test_a_row_with_a_known_time_is_not_the_new_one():
    """The row whose exact time is known is left out, where list and socket write alike."""
    known = [match(raw_time="04.05.2026 17:09")]
    assert missed_reports([row(minute=9), row(minute=3)], known) == [row(minute=3)]


def test_rows_without_a_time_count_too():
    """A list without times is counted all the same."""
    bare = row(raw_time=None)
    assert missed_reports([bare, bare, bare], [match()]) == [bare, bare]


def test_a_row_counts_for_a_partner_known_by_name_only():
    """A name from the socket and an id from the list may be one person."""
    assert missed_reports([row()], [match(NAMELESS_ID)]) == []


# --- a new match ---------------------------------------------------------------------------------


def test_a_first_match_holds_the_whole_report():
    """Everything in the report is kept, and the round ends when the platform said."""
    first = report(raw_time="12:00", matched_at=NOON, meeting_digest="m", call=CALL)
    made = following(replace(first, round_seconds=60), [])
    assert (made.partner, made.partner_key, made.ordinal) == (ZOE, "id:9", 1)
    assert (made.raw_time, made.matched_at, made.meeting_digest) == ("12:00", NOON, "m")
    assert (made.call, made.ends_at) == (CALL, NOON + timedelta(seconds=60))
    assert (made.settled_at, made.outcome, made.late) == (None, None, False)
    assert following(first, []).ends_at is None


def test_the_same_two_may_meet_twice():
    """The second pairing has the next ordinal, its own key, and the same partner key."""
    first = following(report(NAMELESS_ID), [])
    second = following(report(), [first])
    assert (second.ordinal, second.partner_key) == (2, first.partner_key)
    assert second.id != first.id


@pytest.mark.parametrize(
    ("source", "settled"), [(Source.BEFORE, NOON), (Source.LIST, None), (Source.SOCKET, None)]
)
def test_only_a_match_from_before_is_never_sent(source: Source, settled: Any):
    """A match from before has its outcome when it is stored; the others await a notice."""
    made = following(row(), [], source)
    assert made.settled_at == settled
    assert made.outcome == ("before" if settled else None)


def test_the_end_of_a_listed_round_is_not_guessed():
    """The start of a listed match is unknown, and so is its end."""
    assert following(row(round_seconds=60), [], Source.LIST).ends_at is None


def test_namesakes_never_collide():
    """Two people of one name, one of them first reported without an id, stay distinct."""
    first = following(report(NAMELESS_ID), [])
    second = following(report(), [first])
    namesake = following(report(replace(ZOE, account_id=10)), [second, first])
    assert len({first.id, second.id, namesake.id}) == 3
    places = {(made.partner_key, made.ordinal) for made in (first, second, namesake)}
    assert len(places) == 3
