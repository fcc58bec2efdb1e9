"""The people of the playground: each has a Slack account, a ticket and an inbox."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from slackbot.sandbox.accelevents import Accelevents
from slackbot.sandbox.slack import Slack
from slackbot.sandbox.slack.errors import CannotDo, Json

EVENT_LINK: Final = "https://www.accelevents.com/e/demo"
# Those who come when one more is wanted: handle, name, title, company, time zone.
_NEXT: Final = (
    ("sam", "Sam Sample", "Organiser", "Northwind", "America/New_York"),
    ("guest4", "Guest Four", "Designer", "Contoso", "Europe/Berlin"),
    ("guest5", "Guest Five", None, None, "Asia/Tokyo"),
    ("guest6", "Guest Six", "Founder", None, "America/Sao_Paulo"),
)


@dataclass
class Letter:
    """A ticket e-mail; its magic link works once."""

    at: float  # Unix seconds
    magic_link: str = field(repr=False)


class Cast:
    """Everybody on the page, in the order in which they came."""

    def __init__(self, slack: Slack, platform: Accelevents) -> None:
        self._slack = slack
        self._platform = platform
        self._inboxes: dict[str, list[Letter]] = {}
        for name in ("ada", "priya"):
            self.write_to(name)

    @property
    def names(self) -> list[str]:
        """Everybody's handle."""
        return list(self._inboxes)

    def add(self) -> str:
        """Let somebody else come; return their handle.

        Raises:
            CannotDo: everybody is there already.
        """
        for name, full_name, title, company, zone in _NEXT:
            if name not in self._inboxes:
                self._platform.add_attendee(name, full_name, title=title, company=company)
                self._slack.workspace.add(name, real_name=full_name, tz=zone)
                self.write_to(name)
                return name
        raise CannotDo("Everybody is here already.")

    def write_to(self, name: str) -> str:
        """Send this person another ticket e-mail; return its magic link."""
        letter = Letter(self._slack.clock.now(), self._platform.magic_link_for(name))
        self._inboxes.setdefault(name, []).append(letter)
        return letter.magic_link

    def as_json(self) -> list[Json]:
        """Return what the page shows of each person."""
        return [self._person(name) for name in self._inboxes]

    def _person(self, name: str) -> Json:
        member, attendee = self._slack.workspace.named(name), self._platform.attendee(name)
        details = [part for part in (attendee.title, attendee.company) if part]
        return {
            "name": name,
            "id": member.id,
            "real_name": attendee.full_name,
            "role": ", ".join(details),
            "tz": member.tz,
            "dm": self._slack.workspace.dm(member.id).id,
            "letters": [
                {"at": letter.at, "magic_link": letter.magic_link, "event_link": EVENT_LINK}
                for letter in self._inboxes[name]
            ],
        }
