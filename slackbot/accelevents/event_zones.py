"""The configured time zones of events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from slackbot.domain.model import EventSlug


@dataclass(frozen=True, slots=True)
class EventZones:
    """The time zone of each event. Events that are not configured use the `default`."""

    default: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    by_event: Mapping[EventSlug, ZoneInfo] = field(default_factory=dict)

    def of(self, event: EventSlug) -> ZoneInfo:
        """Return the event's zone."""
        return self.by_event.get(event, self.default)
