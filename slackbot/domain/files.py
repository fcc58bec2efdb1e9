"""Files that a person downloads by a signed link."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from slackbot.domain.model import Epoch, Person


class FileKind(StrEnum):
    """A kind of file. The values are part of signed links, so they never change."""

    EXPORT = "export"  # everything that is stored about the person, as JSON
    MATCHES = "matches"  # their matches, as CSV
    CALENDAR = "calendar"  # one session, as iCalendar


# How long a link works. A calendar entry holds nothing about anybody, and its link stands in a
# message that is read later.
LIFETIMES: Final = {
    FileKind.EXPORT: timedelta(minutes=10),
    FileKind.MATCHES: timedelta(minutes=10),
    FileKind.CALENDAR: timedelta(days=2),
}


@dataclass(frozen=True, slots=True)
class FileRequest:
    """What a link leads to. `subject` is what the kind needs, such as the id of a session."""

    kind: FileKind
    person: Person
    # A link stops working as soon as the person's data is deleted.
    person_epoch: Epoch
    subject: str = ""


@dataclass(frozen=True, slots=True)
class FileLink:
    """A link to a file, and the time until which it works."""

    url: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class File:
    """A file to download. The name is ASCII, without quotes."""

    name: str
    media_type: str
    body: bytes = field(repr=False)


class FileRefusal(StrEnum):
    """The reason why a link opens no file."""

    UNKNOWN = "unknown"  # the bot did not create this link
    EXPIRED = "expired"
    GONE = "gone"  # what it led to was deleted


class FileRefused(Exception):
    """A link opens no file. This is not a `SlackbotError` because a browser shows it."""

    def __init__(self, reason: FileRefusal) -> None:
        super().__init__(reason.value)
        self.reason = reason
