"""Findings are fit to be printed, whatever their facts hold."""

from __future__ import annotations

from slackbot.domain.findings import Finding, Grade, Subject


def test_a_finding_names_the_setting_of_its_address():
    """Facts fill in both sentences; the subject decides which setting is to be checked."""
    made = Subject.SOCKET.failure("odd", "it says {word}", "check {address}", word="no")
    assert made == Finding(
        Grade.FAILURE,
        Subject.SOCKET,
        "odd",
        "it says no",
        "check ACCELEVENTS_SOCKET_URL",
        made.facts,
    )
    assert dict(made.facts) == {"word": "no"}


def test_facts_from_outside_do_not_control_the_terminal():
    """Control characters of a name are shown as question marks, and a long name is cut."""
    facts = {"bot": "\x1b[2J\nbot", "workspace": "W" * 1000}
    message = Subject.SLACK.ok("slack_accepts", "{bot}'s in {workspace}", **facts).message
    assert message.startswith("?[2J?bot's in W")
    assert len(message) < 300
