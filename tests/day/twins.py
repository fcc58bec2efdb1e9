"""Two days that differ only in what some people said, as everybody else saw them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from slackbot.domain.model import Person

from .journal import Journal


def differences(
    one: Journal, other: Journal, single_yeses: Collection[tuple[Person, Person]]
) -> list[str]:
    """Compare two days for everybody except those who said yes in the first one only.

    Return what is not the same of what was sent to, shown to and stored for each of the others. A
    partner who has said a single yes too is compared with the others, but for that answer.
    """
    found = list[str]()
    said = {person for person, _ in single_yeses}
    rows, others = _by_user(one), _by_user(other)
    messages, messages_other = _by_person(one), _by_person(other)
    for person in sorted(one.profiles, key=str):
        sent, sent_other = messages[person], messages_other[person]
        if sent != sent_other:
            found.append(f"{person.user} was sent {_first(sent, sent_other)}")
        seen, seen_other = one.seen.get(person, []), other.seen.get(person, [])
        if person not in said and seen != seen_other:
            found.append(f"{person.user} saw {_first(seen, seen_other)}")
        stored, stored_other = rows[person.user], others[person.user]
        if person in said:
            stored, stored_other = _without_answers(stored), _without_answers(stored_other)
        if stored != stored_other:
            found.append(f"{person.user} has {_first(stored, stored_other)}")
    return found


def _by_person(day: Journal) -> Mapping[Person, list[str]]:
    found = defaultdict[Person, list[str]](list)
    for message in day.sent:
        found[message.person].append(repr(message))
    return found


def _by_user(day: Journal) -> Mapping[str, list[str]]:
    found = defaultdict[str, list[str]](list)
    for table, rows in day.stored.items():
        for row in rows:
            # What is encrypted differs each time.
            kept = {name: value for name, value in row.items() if not name.endswith("_sealed")}
            found[str(row.get("user_id"))].append(f"{table} {kept}")
    for said in found.values():
        said.sort()
    return found


def _without_answers(rows: Sequence[str]) -> list[str]:
    return [row for row in rows if not row.startswith("contact_answers ")]


def _first(one: Sequence[object], other: Sequence[object]) -> str:
    """Return the first place in which two lists differ."""
    for number, (mine, theirs) in enumerate(zip(one, other, strict=False)):
        if mine != theirs:
            return f"{mine} instead of {theirs} at {number}"
    return f"{len(one)} instead of {len(other)}, with {[*one, *other][min(len(one), len(other))]}"
