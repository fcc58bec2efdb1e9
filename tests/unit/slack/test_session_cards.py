"""Session cards: what they tell, and which button leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from slackbot.domain.meetings import PastMatch
from slackbot.domain.model import EventSlug, Session, SessionId, State
from slackbot.sandbox.slack.mrkdwn import Reader, draw_blocks
from slackbot.services.sessions import Listing, View
from slackbot.slack.blocks.history import history
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.message import Message
from slackbot.slack.blocks.sessions import session_choice, session_list
from slackbot.slack.command import Name
from tests.harness.fakes import NOON, availability, match

HUB = HubLinks("https://hub.example", "{web}/e/{event}/portal/schedule/{session_id}")
READER = Reader(tz="Europe/Berlin", now=NOON.timestamp())
OPEN = Session(
    id=SessionId(11645),
    title="First Network Session",
    starts_at=NOON - timedelta(hours=1),
    ends_at=NOON + timedelta(hours=2),
    location="Hall B",
    tracks=("Second track",),
    capacity=40,
    taken=12,
    description="Meet as many people as you can.",
    speakers=("Ada Example",),
    recorded=True,
)
FULL = replace(OPEN, id=SessionId(11649), title="Coffee", capacity=2, taken=2)
PRIVATE = replace(OPEN, id=SessionId(11647), title="Circle", private=True)


def listed(*sessions: Session, here: int | None = None, page: int = 1) -> Message:
    now = None
    if here is not None:
        now = availability(session_id=SessionId(here), state=State.AVAILABLE)
    listing = Listing(EventSlug("demo"), View.LIVE, sessions, now)
    return session_list(listing, page, NOON, HUB)


def buttons(message: Message) -> list[dict[str, Any]]:
    return [e for b in message.blocks if b["type"] == "actions" for e in b["elements"]]


def labels(message: Message) -> list[str]:
    return [button["text"]["text"] for button in buttons(message)]


def drawn(message: Message) -> list[str]:
    return draw_blocks(message.blocks, READER).splitlines()


def test_a_card_tells_the_facts_in_order() -> None:
    """Title, then time, place, tracks and speakers, the description, and the small print."""
    assert drawn(listed(OPEN)) == [
        "Networking now",
        "First Network Session",
        "Until today at 16:00  ·  Hall B  ·  Second track  ·  with Ada Example",
        "Meet as many people as you can.",
        "12 of 40 places taken  ·  Recorded  ·  No. 11645",
        "One session  ·  demo  ·  shown in your time zone",
    ]


def test_the_title_leads_to_the_event_hub() -> None:
    """It is a link, in which nothing of the title is parsed."""
    link = listed(OPEN).blocks[1]["elements"][0]["elements"][0]
    assert link == {
        "type": "link",
        "url": "https://hub.example/e/demo/portal/schedule/11645",
        "text": "First Network Session",
        "style": {"bold": True},
    }


@pytest.mark.parametrize(
    ("hours", "says"),
    [
        (2, "Until today at 16:00"),
        (12, "Until tomorrow at"),
        (40, "Until May 6, 2026 at"),
        (9.99, "Until today at 23:59"),  # techsoc/techsoc.github.io#4
        (10, "Until tomorrow at 00:00"),  # sandboxnu/office-hours#636
        (45, "Until May 6, 2026 at 11:00"),  # ulsklyc/yuvomi#1114
        (24 * 7, "Until May 11, 2026 at"),  # aaronpk/Meetable#202
        (24 * 366, "Until May 5, 2027 at"),
    ],
)
def test_a_time_has_its_day(hours: float, says: str) -> None:
    """A session that ends in 40 hours does not look as if it ended today."""
    message = listed(replace(OPEN, ends_at=NOON + timedelta(hours=hours)))
    assert drawn(message)[2].startswith(says)


@pytest.mark.parametrize(("session", "says"), [(FULL, "Full"), (PRIVATE, "By invitation")])
def test_a_session_that_cannot_be_joined_says_why(session: Session, says: str) -> None:
    """First in its second line, in two lines and without a button, also in a choice."""
    for message in (listed(session), session_choice([session, OPEN], Name.JOIN, NOON)):
        lines = drawn(message)
        at = lines.index(session.title)
        assert lines[at + 1].startswith(f"{says}  ·  Until today")
        assert "No. " in lines[at + 2]
        assert not [b for b in buttons(message) if str(session.id) in b["action_id"]]
    joined = listed(replace(session, registered=True))
    assert labels(joined) == ["I'm available"]
    assert "You've joined" in drawn(joined)[-2]


@pytest.mark.parametrize(
    ("sessions", "green"),
    [
        ([OPEN, replace(OPEN, id=SessionId(2)), FULL], ["available:11645"]),
        ([FULL, PRIVATE, OPEN], ["available:11645"]),
        ([FULL, PRIVATE], []),
    ],
)
def test_one_button_leads(sessions: Sequence[Session], green: list[str]) -> None:
    """The first session that can be joined; none if none can."""
    found = buttons(listed(*sessions))
    assert [b["action_id"] for b in found if b.get("style") == "primary"] == green


def test_somebody_available_can_switch() -> None:
    """Where they are, a pause; elsewhere a switch, which does not lead."""
    message = listed(OPEN, replace(OPEN, id=SessionId(2)), here=11645)
    assert labels(message) == ["Pause", "Switch to this one", "Join"]
    assert not any("style" in button for button in buttons(message))
    assert drawn(message)[2].startswith("You're available here  ·  Until")


@pytest.mark.parametrize(
    ("capacity", "taken", "says"),
    [
        (1, 0, "0 of one place taken"),
        (1, None, "one place"),
        (80, None, "80 places"),
        # vercel/ms#26, nruffing/data-grid-vue#14 and prefect-archive/legacy-ui#298
        *[(1, 1, "1 of one place taken"), (2, 1, "1 of 2 places taken"), (2, None, "2 places")],
    ],
)
def test_places_are_counted(capacity: int, taken: int | None, says: str) -> None:
    """With a singular."""
    assert drawn(listed(replace(OPEN, capacity=capacity, taken=taken)))[-2].startswith(says)


# Of 601 a part was shown as if it was all of them: langwatch/langwatch#6254
@pytest.mark.parametrize("count", [9, 30, 601])
def test_a_choice_says_how_many_there_are(count: int) -> None:
    """Of many sessions a few are shown, and how to find the others is said."""
    sessions = [replace(OPEN, id=SessionId(number)) for number in range(1, count + 1)]
    assert drawn(session_choice(sessions, Name.JOIN, NOON))[:2] == [
        "Which session do you mean?",
        f"8 of {count}. Type another word of the title to narrow it down.",
    ]
    assert "of 8" not in session_choice(sessions[:8], Name.JOIN, NOON).text


def test_a_choice_of_closed_sessions_leads_to_others() -> None:
    """Nobody is left with a card without a button."""
    full = replace(OPEN, capacity=1, taken=1)
    assert labels(session_choice([full, full], Name.JOIN, NOON)) == ["Other sessions"]


@pytest.mark.parametrize(
    ("count", "page", "small"),
    [
        *[(6, 1, "1 to 5 of 6 sessions"), (6, 2, "6 to 6 of 6 sessions")],
        *[(601, 1, "1 to 5 of 601 sessions"), (601, 121, "601 to 601 of 601 sessions")],
        *[(601, 999, "601 to 601 of 601 sessions"), (5, 1, "5 sessions"), (1, 1, "One session")],
    ],
)
def test_a_list_says_how_many_there_are(count: int, page: int, small: str) -> None:
    """A part is never shown as if it was all: langwatch/langwatch#6254."""
    sessions = [replace(OPEN, id=SessionId(number)) for number in range(1, count + 1)]
    assert drawn(listed(*sessions, page=page))[-1].startswith(small)


@pytest.mark.parametrize(
    ("page", "names", "moves", "small"),
    [
        (1, range(10), ["matches:page 2"], "1 to 10 of 25"),
        (2, range(10, 20), ["matches:page 1", "matches:page 3"], "11 to 20 of 25"),
        (3, range(20, 25), ["matches:page 2"], "21 to 25 of 25"),
        (9, range(20, 25), ["matches:page 2"], "21 to 25 of 25"),
    ],
)
def test_matches_have_pages(page: int, names: range, moves: list[str], small: str) -> None:
    """Nobody is left out after the fifteenth."""
    met = [PastMatch(match(session_title=f"Room {number}.")) for number in range(25)]
    message = history(met, HUB, page)
    shown = [number for number in range(25) if f"Room {number}." in "\n".join(drawn(message))]
    assert shown == [*names]
    assert [button["action_id"] for button in buttons(message)] == [*moves, "matches:export"]
    assert drawn(message)[-1].startswith(small)
    assert labels(message)[-2] == {1: "Next 10", 2: "Next 5"}.get(page, "Back")


def test_one_match_is_one_match() -> None:
    """With a singular."""
    assert drawn(history([PastMatch(match())], HUB))[-1].startswith("One match  ·  ")
