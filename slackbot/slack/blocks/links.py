"""Addresses in the event hub."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from slackbot.domain.model import EventSlug, SessionId


@dataclass(frozen=True, slots=True)
class HubLinks:
    """Where an event's web pages are; `template` as `ACCELEVENTS_SESSION_LINK` gives it."""

    web: str
    template: str

    def session(self, event: EventSlug, session_id: SessionId) -> str:
        """The page of one session."""
        return self.template.format(
            web=self.web.rstrip("/"), event=quote(event, safe=""), session_id=session_id
        )

    def event(self, event: EventSlug) -> str:
        """The event hub itself."""
        return f"{self.web.rstrip('/')}/e/{quote(event, safe='')}/portal"

    @property
    def example(self) -> str:
        """What an event's address looks like, for forms."""
        return f"{self.web.rstrip('/')}/e/your-event"
