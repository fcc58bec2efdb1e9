"""Updates of the surfaces that show a person's state, after it has changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from slackbot.domain.model import Person
from slackbot.domain.ports import Clock
from slackbot.domain.stores import Store, StoreUnavailable
from slackbot.domain.surfaces import NO_SURFACES, Surfaces
from slackbot.services.changes import ChangedPeople
from slackbot.services.scheduler import HOME_AGE
from slackbot.slack.commands.home import RETRY_SECONDS, Homes
from slackbot.slack.commands.state_cards import StateCards

log = structlog.get_logger(__name__)

# Maximum number of people in one query.
PEOPLE_AT_ONCE: Final = 500


@dataclass(eq=False, repr=False, kw_only=True)
class SurfaceUpdates:
    """Draws the surfaces of people whose state has changed. Most have none, so one query asks."""

    changes: ChangedPeople
    store: Store
    homes: Homes
    cards: StateCards
    clock: Clock

    async def run(self) -> None:
        """Run until cancelled."""
        while True:
            changed = await self.changes.take()
            try:
                people = list(changed)
                for start in range(0, len(people), PEOPLE_AT_ONCE):
                    await self._update(people[start : start + PEOPLE_AT_ONCE], changed)
            except StoreUnavailable:
                log.warning("surfaces_postponed", people=len(changed))
                await self.clock.sleep(RETRY_SECONDS)
                for person, deleted in changed.items():
                    self.changes.add(person, deleted)
            except Exception:
                # Not tried again, or one defect would keep everybody's surfaces from being drawn.
                log.exception("surfaces_not_updated", people=len(changed))

    async def _update(self, people: Sequence[Person], deleted: Mapping[Person, Surfaces]) -> None:
        opened_since = self.clock.now() - HOME_AGE
        found = await self.store.surfaces.get_many(people, opened_since)
        for person in people:
            shown, gone = found.get(person, NO_SURFACES), deleted[person]
            opened = shown.home or gone.home or self.homes.left_open(person)
            if opened is not None:
                self.homes.refresh(opened)
            self.cards.update(gone.cards, deleted=True)
            self.cards.update(shown.cards, deleted=False)
