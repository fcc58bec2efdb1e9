"""Whatever two people answer in whichever order, neither sees what the other said."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from slackbot.domain.model import Match, MatchId, Partner, Person
from slackbot.slack.blocks.contacts import SWAP_NO, SWAP_UNDO, SWAP_YES
from slackbot.slack.command import Command, Name
from slackbot.slack.commands.contact_buttons import ContactButtons
from slackbot.slack.outbound.views import Views
from slackbot.storage.contact_tables import ContactAnswerRow
from tests.harness.fakes import ANA, BEN, connect, link, match
from tests.harness.services import Harness, Outside, open_store
from tests.harness.sizes import share

IDS = {ANA: MatchId("a"), BEN: MatchId("b")}
steps = st.lists(
    st.tuples(st.sampled_from([ANA, BEN]), st.sampled_from([SWAP_YES, SWAP_NO, SWAP_UNDO])),
    max_size=8,
)


def side(person: Person, key: str) -> Match:
    """Return one person's side of the match."""
    made = match(Partner(name="Zoë"), meeting_digest="d" * 64, partner_key=key)
    return replace(made, person=person, person_epoch=link(person).person_epoch, id=IDS[person])


def both_yes(taken: list[tuple[Person, str]]) -> bool:
    """Return whether the answers so far agree."""
    said = dict[Person, str]()
    for person, action in taken:
        if said.get(ANA) == said.get(BEN) == SWAP_YES:
            return True
        said[person] = action
    return said.get(ANA) == said.get(BEN) == SWAP_YES


class World:
    """Two people who have met, and all that one of them is shown."""

    def __init__(self, harness: Harness, outside: Outside) -> None:
        self.harness, self.outside = harness, outside
        self.buttons = ContactButtons(contacts=harness.contacts, views=cast("Views", None))

    async def begin(self) -> None:
        """Let both connect again."""
        for person in (ANA, BEN):
            await self.harness.store.people.forget(person)
        await connect(self.harness.store, link(ANA), link(BEN))
        await self.harness.store.matches.add(side(ANA, "id:2"))
        await self.harness.store.matches.add(side(BEN, "id:1"))
        self.outside.shared.posted.clear()

    async def take(self, taken: list[tuple[Person, str]]) -> list[object]:
        """Take the steps, and return all that Ana is shown, sent or stored under."""
        seen: list[object] = []
        for person, action in taken:
            card = await self.buttons.pressed(person, f"{action}{IDS[person]}")
            if person == ANA:
                seen.append(card)
        seen.append(await self.buttons.swap(ANA, Command(Name.SWAP)))
        seen.append(await self.harness.contacts.at_end_of_round(side(ANA, "id:2")))
        hers = ContactAnswerRow.team_id == ANA.team, ContactAnswerRow.user_id == ANA.user
        wanted = select(ContactAnswerRow.wanted, ContactAnswerRow.agreed_at).where(*hers)
        stored = await self.harness.store.database.fetch_all(wanted)
        seen.append([tuple(row) for row in stored])
        await self.harness.quiet()
        seen.append(list(self.outside.messenger.sent))
        return [*seen, len(self.outside.shared.posted)]


async def test_a_single_answer_changes_nothing_for_the_other() -> None:
    """Ana's cards, offers, rows and messages are the same without any of Ben's answers."""
    async with open_store() as store:
        outside = Outside.around(store)
        harness = Harness(outside)
        world = World(harness, outside)

        async def check(taken: list[tuple[Person, str]]) -> None:
            await world.begin()
            seen = await world.take(taken)
            agreed = both_yes(taken)
            assert seen[-1] == int(agreed)
            if not agreed:
                await world.begin()
                assert seen == await world.take([step for step in taken if step[0] == ANA])

        for taken in _examples():
            await check(taken)
        await harness.aclose()


def _examples() -> list[list[tuple[Person, str]]]:
    """Draw many orders, each once."""
    drawn: list[list[tuple[Person, str]]] = []

    @settings(
        max_examples=share(2_000, 0.05),
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(steps)
    def draw(taken: list[tuple[Person, str]]) -> None:
        drawn.append(taken)

    draw()
    return drawn
