"""Findings of `slackbot doctor`: one for each thing that a check examined.

A finding never contains a secret, or outside text that might repeat one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Grade(StrEnum):
    """The severity of a finding. A warning does not keep the bot from working."""

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"


class Subject(StrEnum):
    """The part of the installation that a finding is about."""

    SETTINGS = "settings"
    KEYS = "keys"
    FILES = "open files"
    PRIVATE = "private files"
    DATABASE = "database"
    SCHEMA = "schema"
    DELIVERY = "delivery"
    SLACK = "slack"
    SCOPES = "slack scopes"
    APP_TOKEN = "app token"  # noqa: S105 - a heading
    PLATFORM = "accelevents"
    TOKEN = "token"  # noqa: S105 - a heading
    SOCKET = "socket"
    CALLS = "calls"
    PROXIES = "proxies"

    def ok(self, code: str, message: str, **facts: str) -> Finding:
        """Report that all is well. `facts` fill in the template `message`."""
        return _finding(Grade.OK, self, code, message, "", facts)

    def warning(self, code: str, message: str, hint: str, **facts: str) -> Finding:
        """Report a problem that does not stop the bot. `facts` fill in `message` and `hint`."""
        return _finding(Grade.WARNING, self, code, message, hint, facts)

    def failure(self, code: str, message: str, hint: str, **facts: str) -> Finding:
        """Report a problem that stops the bot. Takes the same arguments as `warning`."""
        return _finding(Grade.FAILURE, self, code, message, hint, facts)


# Setting that holds the address of a subject's host; `{address}` in messages and hints.
_ADDRESS_SETTINGS: Final = {
    Subject.DATABASE: "DATABASE_URL",
    Subject.DELIVERY: "DATABASE_URL",
    Subject.SLACK: "SLACK_API_URL",
    Subject.APP_TOKEN: "SLACK_API_URL",
    Subject.PLATFORM: "ACCELEVENTS_API_URL",
    Subject.TOKEN: "ACCELEVENTS_API_URL",
    Subject.SOCKET: "ACCELEVENTS_SOCKET_URL",
}
_LONGEST_FACT: Final = 200  # characters of a fact that a message shows


@dataclass(frozen=True, slots=True)
class Finding:
    """A result of a check, in words for operators; `code` and `facts` are for machines."""

    grade: Grade
    subject: Subject
    code: str
    message: str
    hint: str
    facts: Mapping[str, str]


def _finding(
    grade: Grade, subject: Subject, code: str, message: str, hint: str, facts: dict[str, str]
) -> Finding:
    # A fact may come from outside, such as a workspace's name: it must not control a terminal.
    shown = {
        name: "".join(c if c.isprintable() else "?" for c in value[:_LONGEST_FACT])
        for name, value in facts.items()
    }
    shown["address"] = _ADDRESS_SETTINGS.get(subject, "the address")
    message, hint = message.format_map(shown), hint.format_map(shown)
    return Finding(grade, subject, code, message, hint, MappingProxyType(facts))
