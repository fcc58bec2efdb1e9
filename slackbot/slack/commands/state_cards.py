"""Direct messages that show a person's state, which are edited when the state has ended."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass

import structlog

from slackbot.aio.tasks import BackgroundTasks
from slackbot.domain.errors import EditRefused, MessageError, NotLinked
from slackbot.domain.model import Person
from slackbot.domain.ports import Posted
from slackbot.domain.stores import Store, StoreUnavailable
from slackbot.domain.surfaces import CardKind, Changes, StateCard
from slackbot.slack.blocks.match import met_card
from slackbot.slack.blocks.message import Message
from slackbot.slack.blocks.status import login_renewed_card, was_waiting_card
from slackbot.slack.outbound.messenger import SlackMessenger
from slackbot.slack.outbound.queue import Rank
from slackbot.slack.outbound.retry import send_with_retry

log = structlog.get_logger(__name__)


@dataclass(eq=False, repr=False, kw_only=True)
class StateCards:
    """Records the cards that show a state, and edits those whose state has ended."""

    messenger: SlackMessenger
    store: Store
    changes: Changes
    background: BackgroundTasks

    def __post_init__(self) -> None:
        self._editing: set[Posted] = set()

    async def clear(self, person: Person, posted: Posted) -> None:
        """Drop what is recorded of a card, because a button in it was pressed."""
        with suppress(StoreUnavailable):
            await self.store.surfaces.remove_card(person, posted)

    async def record(self, person: Person, posted: Posted, message: Message) -> None:
        """Record a card that has been sent, if it says that the person is waiting for a match."""
        if (waiting := message.waiting) is None:
            return
        card = StateCard(
            person=person,
            person_epoch=waiting.person_epoch,
            posted=posted,
            kind=CardKind.WAITING,
            since=waiting.since,
            session_id=waiting.session_id,
            session_title=waiting.session_title,
        )
        with suppress(NotLinked, StoreUnavailable):
            await self.store.surfaces.add_card(card)
        # The state may have ended while the card was being sent.
        self.changes.add(person)

    def update(self, ended: Collection[StateCard], *, deleted: bool) -> None:
        """Edit a person's cards whose state has ended, or whose rows were `deleted` with them."""
        for card in ended:
            if card.posted not in self._editing:
                self._editing.add(card.posted)
                self.background.start(self._edit(card, deleted=deleted), "edit_card")

    async def _edit(self, card: StateCard, *, deleted: bool) -> None:
        person, posted = card.person, card.posted

        async def draw() -> Message | None:
            """Render the new card, unless a button in it was pressed while this edit waited."""
            if not deleted and await self.store.surfaces.get_card(person, posted) != card:
                return None
            if card.kind is CardKind.LOGIN_REFUSED:
                return login_renewed_card(card)
            match = await self.store.matches.get(person, posted)
            return was_waiting_card(card, met_card(match) if match is not None else None)

        try:
            await send_with_retry(lambda: self.messenger.replace(person, posted, draw, Rank.EDIT))
        except EditRefused:
            pass  # logged; the message no longer exists
        except (MessageError, StoreUnavailable) as error:
            log.info("card_edit_postponed", reason=type(error).__name__)
            return
        finally:
            self._editing.discard(posted)
        if not deleted:
            with suppress(StoreUnavailable):
                await self.store.surfaces.remove_card(person, posted, card.since)
