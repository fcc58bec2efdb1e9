"""Which rows there are, and where each is carried out."""

from __future__ import annotations

from dataclasses import dataclass

from . import rows
from .rows import Row

MANY = 200  # people


@dataclass(frozen=True, slots=True)
class Plan:
    """A row: on which databases, with how many people, and whether it is in the short run."""

    harm: Row
    on: tuple[str, ...] = ("sqlite", "postgresql")
    # Enough of them that the matches of a row come more slowly than Slack takes messages, and that
    # nobody misses more than ten while processes start again and again: of more, the latest ten are
    # sent and the others only listed.
    people: int = 60
    short: bool = False


# What `make check` carries out, in the short form: killed at each window of a notice, left without
# an answer, killed at random beside others, and connected while they are deleted.
FIXED = (
    ("sqlite", ["windows", "dropped"]),
    ("postgresql", ["kills"]),
    ("postgresql", ["crossings"]),
)

PLANS: dict[str, Plan] = {
    "calm": Plan(rows.calm),
    "kills": Plan(rows.kills, people=MANY, short=True),
    "windows": Plan(rows.windows, people=MANY, short=True),
    "windows-at-slack": Plan(rows.windows_at_slack, people=MANY, short=True),
    "stops": Plan(rows.stops, on=("postgresql",)),
    "stops-waiting": Plan(rows.stops_waiting, on=("postgresql",)),
    "pauses": Plan(rows.pauses, on=("postgresql",)),
    "dropped": Plan(rows.dropped, short=True),
    "limited": Plan(rows.limited, short=True),
    "failing": Plan(rows.failing),
    "slow": Plan(rows.slow),
    "database-away": Plan(rows.database_away),
    "database-read-only": Plan(rows.database_read_only, on=("postgresql",)),
    "feed-restarts": Plan(rows.feed_restarts, short=True),
    "half-open": Plan(rows.half_open),
    "lists": Plan(rows.lists, short=True),
    "hours-off": Plan(rows.hours_off),
    "repeated": Plan(rows.repeated),
    "poison": Plan(rows.poison),
    "terminated": Plan(rows.terminated, people=MANY),
    "snoozes": Plan(rows.snoozes),
    "declines": Plan(rows.declines),
    "still-there": Plan(rows.still_there),
    "reminders": Plan(rows.reminders),
    "recaps": Plan(rows.recaps),
    "swaps": Plan(rows.swapped),
    "restored": Plan(rows.restored, on=("sqlite",)),
    "power-cut": Plan(rows.power_cut, on=("sqlite",), people=MANY, short=True),
    "replica-lags": Plan(rows.replica_lags, on=("postgresql",)),
    "restore-drill": Plan(rows.restore_drill),
    # The only people are those who cross: removing the app deletes everybody.
    "crossings": Plan(rows.crossed, on=("postgresql",), people=0),
    "replaced": Plan(rows.replaced),
    "older": Plan(rows.older),
    "newer-dies": Plan(rows.newer_dies, on=("postgresql",)),
    "limits": Plan(rows.at_slacks_limits, on=("sqlite",), people=MANY),
}
