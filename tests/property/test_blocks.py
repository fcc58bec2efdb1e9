"""Slack accepts every message and view, and untrusted text in them mentions and links nothing."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slackbot.domain import errors
from slackbot.domain.meetings import PastMatch
from slackbot.domain.model import Availability, EventSlug, Match, Session
from slackbot.domain.notices import (
    AvailabilityLost,
    LinkRefused,
    LoginExpiring,
    MatchFound,
    MatchOver,
    SessionOver,
)
from slackbot.sandbox.slack.blockkit import check_view
from slackbot.sandbox.slack.message_content import read_content
from slackbot.sandbox.slack.mrkdwn import links, mentions, unescape
from slackbot.services.availability import AvailabilityStatus
from slackbot.services.self_check import CheckReport, CheckResult
from slackbot.services.sessions import Listing, View
from slackbot.slack import error_texts, manner_texts, texts
from slackbot.slack.blocks import history, login, match, modals, notice, pausing, sessions
from slackbot.slack.blocks import status as cards
from slackbot.slack.blocks.errors import ErrorContext, error_card
from slackbot.slack.blocks.events import disconnect_question
from slackbot.slack.blocks.message import Button, Draft, Message
from slackbot.slack.blocks.modals import PendingCommand
from slackbot.slack.blocks.text import fallback, sanitize
from slackbot.slack.command import Command, Name, from_action
from slackbot.slack.commands import attempts  # noqa: F401 - its errors are part of the tree
from slackbot.slack.commands.arguments import read_list_query
from tests.harness.cards import (
    DEMO,
    HELPED,
    HUB,
    LINK,
    NOW,
    availabilities,
    kinds,
    meetings,
    raised,
    some_sessions,
    statuses,
    typed,
    untrusted,
)

FEW = settings(max_examples=40, deadline=None)


def accepted(message: Message) -> None:
    """Slack accepts it as a message and as Home; it mentions nobody, and links to the hub."""
    payload = message.payload()
    read_content(payload)
    assert message.text.strip()
    assert mentions(payload) == set()
    assert all(link.startswith("https://www.accelevents.com/e/demo/") for link in links(payload))
    assert check_view(message.home_view(), "home") == []


def read_aloud(message: Message) -> str:
    """Return the fallback text as a screen reader reads it."""
    return unescape(message.text).replace("\u200b", "")


def states(message: Message, *facts: str | None) -> None:
    """The fallback text holds each fact, unless names had to be shortened."""
    if message.text != "\n".join(fallback(*line) for line in message.lines):
        return
    for fact in facts:
        if fact is not None:
            assert sanitize(fact) in read_aloud(message)


@FEW
@given(meetings)
def test_match_card(found: Match) -> None:
    """The partner is named, in time or late, before and after a button is answered."""
    message = match.match_card(found, HUB)
    accepted(message)
    partner = found.partner
    role = ", ".join(part for part in (partner.title, partner.company) if part)
    states(message, partner.name, role, found.session_title)
    met = match.met_card(found)
    accepted(met)
    accepted(Message(message.text, [*met.blocks, *cards.help_card("/n").blocks]))


@FEW
@given(meetings)
def test_over_card(over: Match) -> None:
    """The same message once the round is over."""
    message = match.round_over_card(over)
    accepted(message)
    partner = over.partner
    role = ", ".join(part for part in (partner.title, partner.company) if part)
    states(message, partner.name, role, over.session_title)


@FEW
@given(meetings)
def test_match_card_with_a_call(found: Match) -> None:
    """One main button leads to the call; the call's address stands in no text."""
    url = "https://bot.example/call/WyJUMSJd.aaaaaa.signature"
    message = match.match_card(found, HUB, url)
    accepted(message)
    states(message, found.partner.name, found.session_title)
    (buttons,) = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    assert [b.get("url") for b in buttons if b.get("style") == "primary"] == [url]
    assert [b["text"]["text"] for b in buttons] == [
        texts.BUTTON_CALL,
        texts.BUTTON_AVAILABLE_AGAIN,
        texts.BUTTON_PAUSE,
        manner_texts.BUTTON_CANT,
        texts.BUTTON_NEW_LINK,
    ]
    assert {b["value"] for b in buttons if b["action_id"].startswith("call:")} == {found.id}
    others = [block for block in message.blocks if block["type"] != "actions"]
    assert "/call/" not in repr((message.text, others))
    gone = match.call_gone_card(found, HUB)
    accepted(gone)
    accepted(match.no_call_card())
    assert texts.CALL_GONE in read_aloud(gone)


@FEW
@given(st.lists(meetings, max_size=20))
def test_history(met: list[Match]) -> None:
    """The people met, up to the limit."""
    message = history.history([PastMatch(each) for each in met], HUB)
    accepted(message)
    states(message, *(each.partner.name for each in met[: history.HISTORY_PAGE]))


@FEW
@given(
    st.lists(some_sessions, max_size=12, unique_by=lambda s: s.id),
    st.text(max_size=200),
    st.integers(1, 3),
)
def test_a_filtered_list(listed: list[Session], argument: str, page: int) -> None:
    """Any filter: its words are in the buttons to other pages, and in the answer without rows."""
    query = read_list_query(argument)
    listing = Listing(DEMO, query.view, tuple(listed), None, left_out=1)
    message = sessions.session_list(listing, page, NOW, HUB, query.words, query.only)
    accepted(message)
    for block in message.blocks:
        for button in block["elements"] if block["type"] == "actions" else []:
            if (command := from_action(button["action_id"])) and command.name is Name.SESSIONS:
                again = read_list_query(command.argument)
                whole = len(query.words) < sessions.PAGE_WORDS and listed
                assert not whole or (again.view, again.only) == (query.view, query.only)


@FEW
@given(
    st.lists(some_sessions, max_size=12, unique_by=lambda s: s.id),
    st.sampled_from(View),
    st.integers(-3, 9),
    st.none() | availabilities,
)
def test_session_list(
    listed: list[Session], view: View, page: int, availability: Availability | None
) -> None:
    """Any page of any view, alone and below the status card."""
    message = sessions.session_list(
        Listing(DEMO, view, tuple(listed), availability), page, NOW, HUB
    )
    accepted(message)
    shown = [one.title for one in listed if sanitize(one.title) in read_aloud(message)]
    assert bool(shown) == bool(listed) or message.text.endswith("…")
    accepted(cards.status_card(AvailabilityStatus(LINK, availability, None), HUB).above(message))


@FEW
@given(st.lists(some_sessions, min_size=2, max_size=12, unique_by=lambda s: s.id))
def test_choice_and_joined(listed: list[Session]) -> None:
    """The sessions to choose from, and the joined one, are named."""
    message = sessions.session_choice(listed, Name.JOIN, NOW)
    accepted(message)
    states(message, *(one.title for one in listed[: sessions.CHOICES]))
    joined = sessions.joined_card(listed[0], DEMO, HUB)
    accepted(joined)
    states(joined, listed[0].title)


@FEW
@given(statuses, availabilities)
def test_status_card(status: AvailabilityStatus, availability: Availability) -> None:
    """Any status, and the notices of a session."""
    message = cards.status_card(status, HUB)
    accepted(message)
    accepted(cards.paused_card(status))
    if status.availability is not None:
        states(message, status.availability.session_title)
    title = availability.session_title
    for sent in (
        SessionOver(title),
        LinkRefused(),
        LinkRefused(DEMO, title),
        LoginExpiring(DEMO, title, NOW.isoformat(), "True"),
    ):
        accepted(notice.notice_message(sent, HUB))
        accepted(notice.notice_message(sent, HELPED))
    for kind in errors.Refusal.__subclasses__():
        accepted(
            notice.notice_message(AvailabilityLost(availability.session_title, kind.code), HUB)
        )


@FEW
@given(meetings)
def test_notice_of_a_match(found: Match) -> None:
    """The notice of a match is its card, in every state."""
    assert notice.notice_message(MatchFound(found), HUB) == match.match_card(found, HUB)
    assert notice.notice_message(MatchOver(found), HUB) == match.round_over_card(found)
    with_call = notice.notice_message(MatchFound(found), HUB, "https://bot.example/call/x")
    assert with_call == match.match_card(found, HUB, "https://bot.example/call/x")


@given(st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=4), max_size=6))
def test_no_button_is_lost(rows: list[list[str]]) -> None:
    """Of buttons with the same action the first stays in place; an empty row disappears."""
    draft = Draft()
    for row in rows:
        draft.buttons(*(Button(action, action) for action in row))
    left = [[button["action_id"] for button in block["elements"]] for block in draft.done().blocks]
    assert all(left)
    assert [*chain(*left)] == [*dict.fromkeys(chain(*rows))]


@pytest.mark.parametrize("kind", kinds(errors.SlackbotError), ids=lambda kind: kind.code)
@settings(max_examples=15, deadline=None)
@given(typed, untrusted, st.lists(some_sessions, min_size=2, max_size=3, unique_by=lambda s: s.id))
def test_error_card(
    kind: type[errors.SlackbotError], command: Command, query: str, listed: list[Session]
) -> None:
    """Every error of the tree has a card with a button, and a sentence for a field."""
    error = raised(kind, query, listed)
    shown = error
    if isinstance(error, errors.PlatformError):
        shown = errors.SessionError(listed[0], error)
    for event in (None, DEMO):
        message = error_card(shown, ErrorContext(command, "/networking", event), HUB, NOW)
        accepted(message)
        assert any(block["type"] == "actions" for block in message.blocks)
    field, sentence = modals.field_error(error, HUB)
    assert field in {modals.EVENT, modals.CREDENTIAL}
    assert sentence


@FEW
@given(typed, untrusted, untrusted, untrusted)
def test_prompts_and_forms(command: Command, word: str, event: str, credential: str) -> None:
    """Prompts, the help after any word, and the form with any text typed."""
    for message in (
        cards.connect_prompt(command, "/networking"),
        *(login.login_expired_card(EventSlug(event), hub, command, "/n") for hub in (HUB, HELPED)),
        *(login.token_help_card(command, hub) for hub in (HUB, HELPED)),
        cards.help_card("/networking", unknown=word, nearest="sessions"),
        cards.help_card("/networking", unknown=word),
        cards.linked_card(LINK, HUB, next_steps=True),
        cards.problem_card(error_texts.AT_FIELD["defect"]),
        cards.secret_typed_card(),
        cards.secret_typed_card(in_message=True),
        cards.help_card("/networking", unknown=word, nearest="sessions", in_message=True),
        cards.help_card("/networking", in_message=True),
        cards.mention_card("/networking"),
        cards.already_linked_card(replace(LINK, account_name=word), HUB, command),
        cards.check_card(CheckReport("0123abcd", "1.0", EventSlug(event), tuple(CheckResult)), HUB),
        *(cards.check_card(CheckReport("0", "1", None, (result,)), HUB) for result in CheckResult),
        disconnect_question([DEMO], HUB, "/networking"),
        disconnect_question([DEMO, EventSlug(event)], HUB, "/networking"),
        cards.form_not_opened(EventSlug("demo"), command),
        pausing.pause_timed_card(),
        pausing.pause_timed_card(manner_texts.ZONE_UNKNOWN),
        cards.not_available_there(sanitize(word), DEMO, HUB),
    ):
        accepted(message)
    pending = PendingCommand(command.text, "https://hooks.slack.com/" + "x" * 200, is_prompt=True)
    again = PendingCommand.load(pending.dump())
    assert again.response_url == pending.response_url
    # What looks like one of Slack's links after it was read once is read as one the second time.
    assert "<" in pending.parsed.text or again.parsed == pending.parsed
    forms = [
        modals.connect_form(pending, HUB, event=event, credential=credential, linked_to=event),
        modals.connect_form(pending, HUB, event=event, credential=credential, problem=word),
        modals.checking(pending),
        modals.connected(pending, event),
    ]
    for form in forms:
        assert check_view(form, "modal") == []
        assert links({"blocks": form["blocks"], "text": ""}) == set()
        assert mentions({"blocks": form["blocks"], "text": ""}) == set()


@given(st.text(max_size=300))
def test_sanitize(text: str) -> None:
    """One line of visible characters up to the limit; sanitizing again changes nothing."""
    line = sanitize(text)
    assert len(line) <= 120
    assert not {unicodedata.category(c) for c in line} & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    assert line == line.strip()
    assert sanitize(line) == line


def test_every_error_of_the_tree_has_a_sentence() -> None:
    """Codes and sentences are the same set, except for the two that are drawn otherwise."""
    codes = {kind.code for kind in kinds(errors.SlackbotError)}
    drawn = {"not_linked", "ambiguous_session"}
    assert set(error_texts.ERRORS) == codes - drawn
    assert set(error_texts.AT_FIELD) <= codes | {"defect"}
