"""Updates of the surfaces of people whose state has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

from structlog.testing import capture_logs

from slackbot.domain.model import Person
from slackbot.domain.ports import Posted
from slackbot.domain.stores import Store
from slackbot.domain.surfaces import CardKind, Home, StateCard, Surfaces
from slackbot.services.changes import ChangedPeople
from slackbot.slack.commands.home import Homes
from slackbot.slack.commands.state_cards import StateCards
from slackbot.slack.commands.surfaces import SurfaceUpdates
from tests.harness.fakes import ANA, BEN, NOON, FakeClock, epoch_of, until

CARD = StateCard(
    person=ANA,
    person_epoch=epoch_of(ANA),
    posted=Posted("D1", "1.0"),
    kind=CardKind.WAITING,
    since=NOON,
)


@dataclass
class Seen:
    """The rows of surfaces, and what is drawn again. As `SurfaceStore`, `Homes`, `StateCards`."""

    rows: dict[Person, Surfaces] = field(default_factory=dict)
    errors: list[Exception] = field(default_factory=list)
    homes: list[Person] = field(default_factory=list)
    ended: list[tuple[StateCard, bool]] = field(default_factory=list)

    async def get_many(self, people: Sequence[Person], since: datetime) -> Mapping[Person, Any]:
        if self.errors:
            raise self.errors.pop(0)
        return {person: self.rows[person] for person in people if person in self.rows}

    def refresh(self, opened: Home) -> None:
        self.homes.append(opened.person)

    def update(self, cards: Collection[StateCard], *, deleted: bool) -> None:
        self.ended += [(card, deleted) for card in cards]


def updates_of(seen: Seen, changes: ChangedPeople) -> SurfaceUpdates:
    return SurfaceUpdates(
        changes=changes,
        store=cast("Store", SimpleNamespace(surfaces=seen)),
        homes=cast("Homes", seen),
        cards=cast("StateCards", seen),
        clock=FakeClock(),
    )


async def test_a_defect_ends_nothing():
    """It is logged, and later changes are drawn."""
    changes, seen = ChangedPeople(), Seen({BEN: Surfaces(Home(person=BEN, opened_at=NOON))})
    seen.errors.append(ValueError("a defect"))
    with capture_logs() as logged:
        task = asyncio.create_task(updates_of(seen, changes).run())
        changes.add(ANA)
        await until(lambda: not seen.errors)
        changes.add(BEN)
        await until(lambda: seen.homes == [BEN])
    task.cancel()
    assert [line["event"] for line in logged] == ["surfaces_not_updated"]


async def test_deleted_cards_are_edited_although_home_is_open_again():
    """Home may be opened in the moment after disconnecting."""
    changes, home = ChangedPeople(), Home(person=ANA, opened_at=NOON)
    seen = Seen({ANA: Surfaces(home)})
    task = asyncio.create_task(updates_of(seen, changes).run())
    changes.add(ANA, Surfaces(home, (CARD,)))
    await until(lambda: seen.homes)
    task.cancel()
    assert seen.ended == [(CARD, True)]
