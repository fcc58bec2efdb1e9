"""Who sent a payload of Slack's, and from where: one reader for every kind of payload."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from slackbot.domain.model import Person, TeamId, UserId

_ID: Final = re.compile(r"[A-Z][A-Z0-9]{1,63}")
# Stands for a value inside of what is no object; it is no id.
_MALFORMED: Final = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """The installed workspace that a payload is meant for, and its user; None where not given."""

    team: TeamId | None
    user: UserId | None
    enterprise: str | None = None

    @property
    def workspace(self) -> TeamId:
        """The workspace.

        Raises:
            ValueError: the payload names none.
        """
        if self.team is None:
            raise ValueError("no workspace")
        return self.team

    @property
    def person(self) -> Person:
        """The sender of a command, a click or a form; the user that an event is about.

        Raises:
            ValueError: the payload names no workspace or no user.
        """
        if self.user is None:
            raise ValueError("no user")
        return Person(self.workspace, self.user)


def origin_of(body: Mapping[str, Any]) -> Origin:
    """Read a command, an interaction or an event.

    Where a place may be empty (missing or null), the next one counts; what stands in it and is no
    Slack id is read as no id at all.
    """
    if body.get("type") == "event_callback":
        return _of_event(body)
    return Origin(
        # A form opened in another workspace, by Slack Connect, still belongs to the one installed.
        # An installation for a whole organisation names no team beside the user's own.
        _team(
            _at(body, "view", "app_installed_team_id"),
            _at(body, "team", "id"),
            _at(body, "team_id"),
            _at(body, "user", "team_id"),
            _at(body, "view", "team_id"),
        ),
        _user(_at(body, "user", "id"), _at(body, "user_id")),
        _id(_at(body, "enterprise", "id"), _at(body, "enterprise_id")),
    )


def _of_event(body: Mapping[str, Any]) -> Origin:
    """Read an event: it is for the workspace of its authorization.

    The outer `team_id` may be another one's: in shared channels, and within an organisation.
    """
    given = body.get("authorizations") or [None]
    authorization = {"first": given[0] if isinstance(given, list) else _MALFORMED}
    has_member = _at(body, "event", "type") == "user_change"
    user = _at(body, "event", "user", "id") if has_member else _at(body, "event", "user")
    return Origin(
        _team(_at(authorization, "first", "team_id"), _at(body, "team_id")),
        _user(user),
        _id(_at(authorization, "first", "enterprise_id"), _at(body, "enterprise_id")),
    )


def _team(*candidates: object) -> TeamId | None:
    found = _id(*candidates)
    return TeamId(found) if found is not None else None


def _user(*candidates: object) -> UserId | None:
    found = _id(*candidates)
    return UserId(found) if found is not None else None


def _id(*candidates: object) -> str | None:
    """Return the first candidate that is given, if it is an id."""
    found = next((value for value in candidates if value is not None), None)
    return found if isinstance(found, str) and _ID.fullmatch(found) else None


def _at(body: Mapping[str, Any], *path: str) -> object:
    """Return the value at a path; None if it is not given, `_MALFORMED` if it cannot be."""
    value: object = body
    for name in path:
        if value is None:
            return None
        if not isinstance(value, dict):
            return _MALFORMED
        value = value.get(name)
    return value
