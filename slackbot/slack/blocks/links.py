"""Events as people know them: their names and the pages in the event hub."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from slackbot.domain.model import EventSlug, SessionId
from slackbot.slack import texts


@dataclass(frozen=True, slots=True)
class OrganiserHelp:
    """What the organiser says to somebody who needs a new magic link. Both may be empty."""

    text: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class HubLinks:
    """Links to the web pages of an event. `template` is `ACCELEVENTS_SESSION_LINK`."""

    web: str
    template: str
    help: OrganiserHelp = OrganiserHelp()
    names: Mapping[EventSlug, str] = field(default_factory=dict)

    def name(self, event: EventSlug | None) -> str:
        """Return the configured name of the event, or else its slug.

        An event that is not known is None or empty.
        """
        if not event:
            return texts.YOUR_EVENT
        return self.names.get(EventSlug(event.casefold()), event)

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
