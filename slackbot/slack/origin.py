"""Read the workspace and user from any kind of Slack payload."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from slackbot.domain.model import Person, TeamId, UserId

_ID: Final = re.compile(r"[A-Z][A-Z0-9]{1,63}")
# Replaces a value whose parent is not an object. It is not a valid id.
_MALFORMED: Final = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """The installed workspace and the user of a payload. Missing values are None."""

    team: TeamId | None
    user: UserId | None
    enterprise: str | None = None

    @property
    def workspace(self) -> TeamId:
        """The workspace of the payload.

        Raises:
            ValueError: The payload contains no workspace.
        """
        if self.team is None:
            raise ValueError("no workspace")
        return self.team

    @property
    def person(self) -> Person:
        """The person who sent a command, click or form, or whom an event concerns.

        Raises:
            ValueError: The payload contains no workspace or no user.
        """
        if self.user is None:
            raise ValueError("no user")
        return Person(self.workspace, self.user)


def origin_of(body: Mapping[str, Any]) -> Origin:
    """Read the origin of a command, an interaction or an event.

    Several fields may contain an id. The first one that is not missing or null is used. If its
    value is not a valid Slack id, the result is None.
    """
    if body.get("type") == "event_callback":
        return _of_event(body)
    return Origin(
        # A form that was opened in another workspace through Slack Connect belongs to the
        # installed workspace. In an organisation-wide installation, only the user has a team.
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
    """Read the origin of an event, which is the workspace of its authorization.

    In shared channels and organisations, the outer `team_id` may belong to another workspace.
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
    """Return the first candidate that is not None, if it is a valid id."""
    found = next((value for value in candidates if value is not None), None)
    return found if isinstance(found, str) and _ID.fullmatch(found) else None


def _at(body: Mapping[str, Any], *path: str) -> object:
    """Return the value at a path, None if it is missing, or `_MALFORMED` if the path is invalid."""
    value: object = body
    for name in path:
        if value is None:
            return None
        if not isinstance(value, dict):
            return _MALFORMED
        value = value.get(name)
    return value
