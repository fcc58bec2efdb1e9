"""Commands about a person's own data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from slackbot.domain.model import Person
from slackbot.domain.personal_data import StoredData
from slackbot.domain.text import digest, fold
from slackbot.services.privacy import Privacy
from slackbot.slack.blocks.message import Message
from slackbot.slack.blocks.pages import paged
from slackbot.slack.blocks.privacy import (
    EXPORT_PART,
    PERMISSIONS,
    disconnected_card,
    erase_question,
    erased_card,
    export_link_card,
    export_part_card,
    permissions_card,
    privacy_card,
)
from slackbot.slack.command import Command, Name
from slackbot.slack.commands.arguments import read_page

# Words after `privacy` that ask for the permissions, in the form of `fold`.
_PERMISSIONS: Final = frozenset({PERMISSIONS, "permission", "scopes", "scope", "why"})


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class PrivacyCommands:
    """Shows, exports and erases what is stored about a person."""

    privacy: Privacy
    days: int  # for which matches are kept
    contact_swap: bool  # whether people can swap contacts

    async def show(self, person: Person, command: Command) -> Message:
        """Say what is stored, or why each permission is asked for."""
        if set(fold(command.argument).split()) & _PERMISSIONS:
            return permissions_card(contact_swap=self.contact_swap)
        stored = await self.privacy.records.read(person)
        return privacy_card(stored, self.days, _confirmation(stored))

    async def export(self, person: Person, command: Command) -> Message:
        """Offer everything as a file, or show it in parts if there is no public address."""
        if links := await self.privacy.links(person):
            return export_link_card(*links)
        text = await self.privacy.records.text(person)
        if text is None:
            return privacy_card({}, self.days, "")
        parts = [text[at : at + EXPORT_PART] for at in range(0, len(text), EXPORT_PART)]
        page, _ = read_page(command.argument)
        return export_part_card(paged(parts, page, 1))

    async def question(self, person: Person, command: Command) -> Message | None:
        """Ask before everything is erased, unless the button says that it was confirmed."""
        stored = await self.privacy.records.read(person)
        if not stored or command.confirmed == _confirmation(stored):
            return None
        return erase_question(len(stored.get("matches", ())), _confirmation(stored))

    async def erase(self, person: Person, command: Command) -> Message:
        """Erase everything, which `disconnect` does too."""
        erased = await self.privacy.erase(person)
        return (erased_card if command.name is Name.ERASE else disconnected_card)(erased)


def _confirmation(stored: StoredData) -> str:
    """Return what a button confirms: to erase what has been stored since the person connected.

    A button that was drawn before they last erased everything has to be confirmed again.
    """
    people = stored.get("people", ())
    return digest(people[0]["epoch"] if people else "")[:16]
