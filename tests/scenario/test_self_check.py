"""`/networking check`, by which a person and their admin find what does not work."""

from __future__ import annotations

import re

import pytest

from slackbot.sandbox.slack import Fault, ScreenItem, User
from slackbot.slack import home_texts, texts

from . import refusals
from .conftest import LogLines, Mission, until
from .test_who_may_use_it import user_changed

FINE, PROBLEM = "Everything works.", "Not everything works right now."


async def checked(mission: Mission, person: User) -> ScreenItem:
    return await mission.ask(person, "/networking check")


def results(log_lines: LogLines, answer: ScreenItem) -> list[str]:
    """Return the results of the answer's check, which the log has by its reference."""
    found = re.search(r"code: ([0-9a-f]{8})", answer.text)
    assert found is not None
    (line,) = [line for line in log_lines if line.get("reference") == found[1]]
    assert line["event"] == "self_checked"
    return list(line["results"])


async def test_everything_works(mission: Mission, log_lines: LogLines) -> None:
    """Each part has a line, with the version and a reference below."""
    ada = await mission.link("ada")
    await mission.ask(ada, "/networking available 11645")
    answer = await checked(mission, ada)
    assert FINE in answer.text
    assert results(log_lines, answer) == [
        *("connected", "login_accepted", "sessions_read", "updates_connected"),
        "messages_accepted",
    ]
    assert re.search(r"version \d+\.\d+", answer.text)
    assert mission.platform.token_for("ada") not in answer.text
    await mission.ask(ada, "/networking pause")
    answer = await checked(mission, ada)
    assert home_texts.CHECKS["updates_not_needed"] in answer.text
    assert FINE in answer.text


async def test_somebody_not_connected(mission: Mission, log_lines: LogLines) -> None:
    """The check works, and offers the form."""
    answer = await checked(mission, mission.ada)
    assert results(log_lines, answer) == [
        "not_connected",
        "updates_not_needed",
        "messages_accepted",
    ]
    assert home_texts.CHECKED_NOT_CONNECTED.strip("*") in answer.text
    assert PROBLEM not in answer.text
    assert (await mission.ada.clicks(answer, texts.BUTTON_CONNECT)).ok
    await mission.ada.waits_for("Event link", where="modal")


@pytest.mark.parametrize(
    ("status", "found", "button"),
    [
        (401, "login_refused", texts.BUTTON_CONNECT_AGAIN),
        (403, "sessions_refused", texts.BUTTON_TRY_AGAIN),
        (503, "login_unknown", texts.BUTTON_TRY_AGAIN),
    ],
)
async def test_a_platform_in_trouble(
    mission: Mission, log_lines: LogLines, status: int, found: str, button: str
) -> None:
    """What Accelevents says decides the line, and the button helps."""
    ada = await mission.link("ada")
    mission.platform.next_status(status, times=20)
    answer = await checked(mission, ada)
    assert results(log_lines, answer)[:2] == ["connected", found]
    assert home_texts.CHECKS[found] in answer.text
    assert button in {each.text for each in answer.buttons}


async def test_an_event_that_is_gone(mission: Mission, log_lines: LogLines) -> None:
    """The event is named, and nobody's ticket is blamed."""
    ada = await mission.link("ada")
    mission.platform.event.slug = "another"
    answer = await checked(mission, ada)
    assert results(log_lines, answer)[:2] == ["connected", "event_gone"]
    assert "Accelevents doesn't know demo any more" in answer.text.replace("\n", " ")
    assert "ticket" not in answer.text


@pytest.mark.parametrize(
    ("error", "found"),
    [("user_disabled", "messages_refused"), ("internal_error", "messages_unknown")],
)
async def test_messages_that_do_not_reach_the_person(
    mission: Mission, log_lines: LogLines, error: str, found: str
) -> None:
    """The line says whether Slack refuses them or does not answer."""
    ada = await mission.link("ada")
    fault = Fault("conversations.open", error=error, times=50)
    mission.slack.faults.order(fault)
    answer = await checked(mission, ada)
    assert results(log_lines, answer)[-1] == found
    assert home_texts.CHECKS[found] in answer.text.replace("\n", " ")


async def test_a_guest_reads_why(mission: Mission, log_lines: LogLines) -> None:
    """Nothing else is checked, and no advice is given that cannot help."""
    ada = await mission.link("ada")
    await user_changed(ada, is_restricted=True)
    answer = await checked(mission, ada)
    assert results(log_lines, answer) == ["not_a_member"]
    assert FINE not in answer.text
    assert "members of this Slack workspace only" in answer.text


async def test_what_accelevents_has_not_confirmed(mission: Mission, log_lines: LogLines) -> None:
    """An availability that the platform has not confirmed is not called fine."""
    ada = await mission.link("ada")
    mission.platform.next_status(503, times=20, **refusals.STATUS)
    await mission.ask(ada, "/networking available 11645")
    answer = await checked(mission, ada)
    assert "availability_unconfirmed" in results(log_lines, answer)
    assert FINE not in answer.text


async def test_a_message_that_slack_has_not_taken(mission: Mission, log_lines: LogLines) -> None:
    """Slack opens the conversation, but does not take the message about a match."""
    ada = await mission.link("ada")
    await mission.ask(ada, "/networking available 11645")
    fault = Fault("chat.postMessage", error="messages_tab_disabled", times=50)
    mission.slack.faults.order(fault)
    await mission.platform.pair("ada", "priya")
    await until(lambda: [line for line in log_lines if line["event"] == "notice_refused"])
    answer = await checked(mission, ada)
    assert results(log_lines, answer)[-1] == "message_pending"
    assert FINE not in answer.text
