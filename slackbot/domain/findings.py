"""Findings of `slackbot doctor`, one for each item that was checked.

A finding never contains secrets, or untrusted text that might contain one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Grade(StrEnum):
    """The severity of a finding. The bot still works if there are only warnings."""

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
        """Report a successful check. `facts` are substituted into the template `message`."""
        return _finding(Grade.OK, self, code, message, "", facts)

    def warning(self, code: str, message: str, hint: str, **facts: str) -> Finding:
        """Report a minor problem. `facts` are substituted into `message` and `hint`."""
        return _finding(Grade.WARNING, self, code, message, hint, facts)

    def failure(self, code: str, message: str, hint: str, **facts: str) -> Finding:
        """Report a problem that prevents the bot from working. See `warning` for the arguments."""
        return _finding(Grade.FAILURE, self, code, message, hint, facts)


# The setting with the address of each subject's host, for `{address}` in messages and hints.
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
    """The result of a check. `code` and `facts` are for programs, the rest for operators."""

    grade: Grade
    subject: Subject
    code: str
    message: str
    hint: str
    facts: Mapping[str, str]


def _finding(
    grade: Grade, subject: Subject, code: str, message: str, hint: str, facts: dict[str, str]
) -> Finding:
    # A fact may be untrusted text, such as a workspace name, so control characters are removed.
    shown = {
        name: "".join(c if c.isprintable() else "?" for c in value[:_LONGEST_FACT])
        for name, value in facts.items()
    }
    shown["address"] = _ADDRESS_SETTINGS.get(subject, "the address")
    message, hint = message.format_map(shown), hint.format_map(shown)
    return Finding(grade, subject, code, message, hint, MappingProxyType(facts))
