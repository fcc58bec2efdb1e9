"""The settings that hold a value for each of several events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from slackbot.domain.model import EventSlug

MAX_NAME: Final = 80  # characters of an event's name


def time_zone(name: str) -> ZoneInfo:
    """Return the time zone with this name.

    Raises:
        ValueError: There is no such time zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is not a time zone such as Europe/Berlin") from None


def event_time_zones(value: str) -> Mapping[EventSlug, ZoneInfo]:
    """Parse a list of time zones such as `my-event=Europe/Berlin,other=Asia/Tokyo`.

    Raises:
        ValueError: The value is not such a list.
    """
    zones = _by_event(value, ",", "my-event=Europe/Berlin,other=Asia/Tokyo")
    return {event: time_zone(zone) for event, zone in zones.items()}


def event_names(value: str) -> Mapping[EventSlug, str]:
    """Parse a list of names such as `my-event=My Event; other=This, That & More`.

    The slugs of the result are in lower case.

    Raises:
        ValueError: The value is not such a list, or a name is too long.
    """
    names = _by_event(value, ";", "my-event=My Event; other=Another Event")
    if any(len(name) > MAX_NAME for name in names.values()):
        raise ValueError(f"has a name of more than {MAX_NAME} characters")
    return {EventSlug(event.casefold()): name for event, name in names.items()}


def _by_event(value: str, separator: str, example: str) -> dict[EventSlug, str]:
    found: dict[EventSlug, str] = {}
    for part in filter(str.strip, value.split(separator)):
        event, _, text = (word.strip() for word in part.partition("="))
        if not event or not text:
            raise ValueError(f"is not a list such as {example}")
        if event in found:
            raise ValueError("names an event twice")
        found[EventSlug(event)] = text
    return found
