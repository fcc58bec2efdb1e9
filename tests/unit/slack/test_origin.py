"""Who sent a payload, and from where: one reader for commands, interactions and events."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_bolt.request.internals import extract_team_id, extract_user_id

from slackbot.domain.model import Person, TeamId, UserId
from slackbot.slack.origin import Origin, origin_of
from tests.fuzz.corpus import Case, cases

WELL_FORMED = [
    case
    for case in cases()
    if case.status == 200
    and case.kind != "raw"
    and not case.name.startswith(("ssl", "event_url", "event_rate"))
]
AT_OURS = {"team_id": "T1", "enterprise_id": "E1"}
VIEW = {"app_installed_team_id": "T1", "team_id": "T3"}


def event(**inner: Any) -> dict[str, Any]:
    """Return an event from a shared channel: the outer team is not the one it is for."""
    envelope = {"type": "event_callback", "team_id": "T2", "enterprise_id": "E2"}
    return {**envelope, "authorizations": [AT_OURS], "event": inner}


TABLE: dict[str, tuple[dict[str, Any], tuple[str | None, str | None, str | None]]] = {
    "command": (
        {"command": "/networking", "team_id": "T1", "user_id": "U1", "enterprise_id": "E1"},
        ("T1", "U1", "E1"),
    ),
    "click": (
        {"type": "block_actions", "team": {"id": "T1"}, "user": {"id": "U1", "team_id": "T2"}},
        ("T1", "U1", None),
    ),
    "click, whole organisation": (
        {
            "type": "block_actions",
            "team": None,
            "enterprise": {"id": "E1"},
            "user": {"id": "U1", "team_id": "T1"},
        },
        ("T1", "U1", "E1"),
    ),
    "form opened elsewhere": (
        {"type": "view_submission", "view": VIEW, "team": {"id": "T2"}, "user": {"id": "U1"}},
        ("T1", "U1", None),
    ),
    "form without a team": (
        {"type": "view_submission", "view": {"team_id": "T1"}, "user": {"id": "U1"}},
        ("T1", "U1", None),
    ),
    "home opened": (event(type="app_home_opened", user="U1"), ("T1", "U1", "E1")),
    "member changed": (
        event(type="user_change", user={"id": "U1", "team_id": "T2"}),
        ("T1", "U1", "E1"),
    ),
    "app removed": (event(type="app_uninstalled"), ("T1", None, "E1")),
    "event, whole organisation": (
        {
            "type": "event_callback",
            "team_id": "T1",
            "authorizations": [{"team_id": None, "enterprise_id": "E1"}],
            "event": {"user": "U1"},
        },
        ("T1", "U1", "E1"),
    ),
    "event without authorizations": (
        {"type": "event_callback", "team_id": "T1", "event": {"user": "U1"}},
        ("T1", "U1", None),
    ),
    "odd parts": (
        {"type": "event_callback", "authorizations": ["T1"], "event": "none", "team_id": "T2"},
        (None, None, None),
    ),
    "a team of the wrong type": (
        {"type": "block_actions", "team": [{"id": "T1"}], "user": {"id": "U1", "team_id": "T1"}},
        (None, "U1", None),
    ),
    "a team that is no id": (
        {"type": "block_actions", "team": {"id": "t1"}, "user": {"id": "U1", "team_id": "T1"}},
        (None, "U1", None),
    ),
    "user of the wrong type": (
        event(type="app_home_opened", user={"id": "U1"}),
        ("T1", None, "E1"),
    ),
    "no ids": ({"team_id": "t1", "user_id": "U 1"}, (None, None, None)),
    "nothing": ({}, (None, None, None)),
}


@pytest.mark.parametrize("kind", TABLE)
def test_every_kind_of_payload_has_its_origin(kind: str) -> None:
    """The workspace is the one that the bot is installed in, not the one that a user comes from."""
    body, (team, user, enterprise) = TABLE[kind]
    assert origin_of(body) == Origin(
        TeamId(team) if team else None, UserId(user) if user else None, enterprise
    )


@pytest.mark.parametrize("case", WELL_FORMED, ids=lambda case: case.name)
def test_our_reader_agrees_with_bolts(case: Case) -> None:
    """For every well-formed input of the corpus: what Bolt passes on is what listeners read."""
    origin = origin_of(case.content)
    assert origin.team == extract_team_id(case.content)
    assert origin.user == (extract_user_id(case.content) or origin.user)


def test_a_person_needs_both() -> None:
    """Without a user or a workspace there is nobody."""
    assert Origin(TeamId("T1"), UserId("U1")).person == Person(TeamId("T1"), UserId("U1"))
    for origin in (Origin(None, UserId("U1")), Origin(TeamId("T1"), None)):
        with pytest.raises(ValueError, match="no "):
            _ = origin.person


ODD = st.sampled_from([None, True, 7, "", "T1", "t1", "event_callback", [], ["T1"], [[]], [{}]])
KEYS = st.sampled_from(["id", "team_id", "type", "user", "app_installed_team_id"])
PART = ODD | st.dictionaries(KEYS, ODD, max_size=3)
FIELDS = [
    *("type", "command", "team", "team_id", "user", "user_id", "view"),
    *("enterprise", "enterprise_id", "authorizations", "event"),
]


@given(st.dictionaries(st.sampled_from(FIELDS), PART | st.lists(PART, max_size=2)))
def test_whatever_comes_has_an_origin(body: dict[str, Any]) -> None:
    """Nothing raises, and every id has the form of an id."""
    origin = origin_of(body)
    for value in (origin.team, origin.user, origin.enterprise):
        assert value is None or value.isascii()
