"""URLs of pages in the event hub."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from slackbot.domain.model import EventSlug, SessionId


@dataclass(frozen=True, slots=True)
class HubLinks:
    """Links to the web pages of an event. `template` is `ACCELEVENTS_SESSION_LINK`."""

    web: str
    template: str

    def session(self, event: EventSlug, session_id: SessionId) -> str:
        """Return the URL of a session's page."""
        return self.template.format(
            web=self.web.rstrip("/"), event=quote(event, safe=""), session_id=session_id
        )

    def event(self, event: EventSlug) -> str:
        """Return the URL of the event hub."""
        return f"{self.web.rstrip('/')}/e/{quote(event, safe='')}/portal"

    @property
    def example(self) -> str:
        """An example of an event URL for use in forms."""
        return f"{self.web.rstrip('/')}/e/your-event"
