"""Slack accepts every message and view, and untrusted text in them mentions and links nothing."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from slackbot.domain import errors
from slackbot.domain.model import (
    AuthScheme,
    Availability,
    Epoch,
    EventSlug,
    FeedHealth,
    Link,
    Match,
    MatchId,
    Partner,
    Person,
    Session,
    SessionId,
    Source,
    State,
    TeamId,
    UserId,
)
from slackbot.domain.notices import (
    AvailabilityLost,
    LinkRefused,
    MatchFound,
    MatchOver,
    SessionOver,
)
from slackbot.sandbox.slack.blockkit import check_view
from slackbot.sandbox.slack.message_content import read_content
from slackbot.sandbox.slack.mrkdwn import links, mentions, unescape
from slackbot.services.availability import AvailabilityStatus
from slackbot.services.sessions import Listing, View
from slackbot.slack import texts
from slackbot.slack.blocks import match, modals, notice, sessions
from slackbot.slack.blocks import status as cards
from slackbot.slack.blocks.errors import ErrorContext, error_card
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.message import Button, Draft, Message
from slackbot.slack.blocks.modals import PendingCommand
from slackbot.slack.blocks.text import sanitize
from slackbot.slack.command import Command, Name, from_action
from slackbot.slack.commands.arguments import read_list_query

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PERSON = Person(TeamId("T0"), UserId("U0"))
EPOCH = Epoch("e" * 16)
DEMO = EventSlug("demo")
HUB = HubLinks("https://www.accelevents.com", "{web}/e/{event}/portal/schedule/{session_id}")
FEW = settings(max_examples=40, deadline=None)

PIECES = ["<!channel>", "<https://x.example|y>", "*_~`", "&lt;", "> ", "\n", "https://e.example"]
untrusted = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from([*PIECES, "a", " ", "\u202e", "😀", "{x}"]), max_size=12).map("".join),
    st.sampled_from([*PIECES, "x" * 10_000, "*" * 500, "&" * 500, "\u200b", ""]),
)
maybe = st.none() | untrusted
moments = st.none() | st.integers(1_500_000_000, 2_000_000_000).map(
    lambda seconds: datetime.fromtimestamp(seconds, UTC)
)
numbers = st.integers(1, 10**18).map(SessionId)

partners = st.builds(
    Partner,
    name=untrusted,
    account_id=st.none(),
    title=maybe,
    company=maybe,
    picture=st.sampled_from([None, "https://images.example/a.png"]),
)
meetings = st.builds(
    Match,
    id=st.just(MatchId("m" * 32)),
    person=st.just(PERSON),
    person_epoch=st.just(EPOCH),
    event=st.just(DEMO),
    session_id=numbers,
    session_title=untrusted,
    partner=partners,
    partner_key=st.just("k"),
    ordinal=st.just(1),
    source=st.sampled_from(Source),
    received_at=st.just(NOW),
    matched_at=moments,
    ends_at=moments,
)
some_sessions = st.builds(
    Session,
    id=numbers,
    title=untrusted,
    starts_at=moments,
    ends_at=moments,
    tracks=st.lists(untrusted, max_size=5).map(tuple),
    location=maybe,
    registered=st.booleans(),
    capacity=st.none() | st.integers(0, 10**9),
    taken=st.none() | st.integers(0, 10**9),
)
availabilities = st.builds(
    Availability,
    person=st.just(PERSON),
    person_epoch=st.just(EPOCH),
    event=st.just(DEMO),
    session_id=numbers,
    session_title=untrusted,
    state=st.sampled_from(State),
    since=st.just(NOW),
    session_ends_at=moments,
)
LINK = Link(
    person=PERSON,
    person_epoch=EPOCH,
    event=DEMO,
    token=SecretStr("t" * 20),
    auth_scheme=AuthScheme.BARE,
    linked_at=NOW,
    credential_digest="d",
)
feeds = st.none() | st.builds(FeedHealth, connected=st.booleans(), changed_at=st.just(NOW))
statuses = st.builds(
    AvailabilityStatus,
    link=st.just(LINK),
    availability=st.none() | availabilities,
    feed=feeds,
    confirmed=st.booleans(),
)
# Few ids, so that combined cards name the same session.
few = st.sampled_from([SessionId(1), SessionId(2), SessionId(3)])
own_links = st.builds(replace, st.just(LINK), unreachable=st.sampled_from([None, "user_disabled"]))
same_statuses = st.builds(
    AvailabilityStatus,
    link=own_links,
    availability=st.none() | st.builds(replace, availabilities, session_id=few),
    feed=feeds,
    confirmed=st.booleans(),
)
same_sessions = st.builds(replace, some_sessions, id=few)
same_lists = st.builds(
    Listing,
    event=st.just(DEMO),
    view=st.sampled_from(View),
    sessions=st.lists(same_sessions, max_size=4).map(tuple),
    # Read a moment after the status, so it may differ.
    availability=st.none() | st.builds(replace, availabilities, session_id=few),
)
same_meetings = st.builds(replace, meetings, session_id=few)
typed = st.builds(
    Command, name=st.sampled_from(Name), argument=untrusted.map(lambda t: " ".join(t.split())[:200])
)


def accepted(message: Message) -> None:
    """Slack accepts it as a message and as Home, and it mentions and links nothing."""
    payload = message.payload()
    read_content(payload)
    assert message.text.strip()
    assert mentions(payload) == set()
    assert links(payload) == set()
    assert check_view(message.home_view(), "home") == []


def read_aloud(message: Message) -> str:
    """Return the fallback text as a screen reader reads it."""
    return unescape(message.text).replace("\u200b", "")


def states(message: Message, *facts: str | None) -> None:
    """The fallback text holds each fact, unless it was cut."""
    if message.text.endswith("…") and len(message.text) > 3000:
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
    labels = [b["text"]["text"] for b in buttons][:3]
    assert labels == [texts.BUTTON_CALL, texts.BUTTON_MEET, texts.BUTTON_NEW_LINK]
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
    message = match.history(met, DEMO)
    accepted(message)
    states(message, *(one.partner.name for one in met[: match.HISTORY_LENGTH]))


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
    accepted(cards.status_card(AvailabilityStatus(LINK, availability, None)).above(message))


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
    message = cards.status_card(status)
    accepted(message)
    accepted(cards.paused_card(status))
    if status.availability is not None:
        states(message, status.availability.session_title)
    for sent in (SessionOver(availability.session_title), LinkRefused()):
        accepted(notice.notice_message(sent, HUB))
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


def kinds(root: type[errors.SlackbotError]) -> list[type[errors.SlackbotError]]:
    """Return the error classes that a command can meet, alone or as a session's error."""
    below = root.__subclasses__()
    if not below:
        return [root]
    apart = (errors.MessageError, errors.SessionError)
    return [leaf for kind in below if kind not in apart for leaf in kinds(kind)]


def raised(kind: type[errors.SlackbotError], query: str, listed: list[Session]) -> Any:
    if kind is errors.NoSuchSession:
        return errors.NoSuchSession(query)
    if kind is errors.OtherEvent:
        return errors.OtherEvent(query)
    if kind is errors.AvailableElsewhere:
        return errors.AvailableElsewhere(query, query)
    if kind is errors.AmbiguousSession:
        return errors.AmbiguousSession(listed)
    return kind()


def error_cards(status: AvailabilityStatus) -> st.SearchStrategy[Message]:
    """Build the card of any error of any command."""
    candidates = st.lists(same_sessions, min_size=2, max_size=4)
    return st.builds(
        lambda kind, command, listed, event: error_card(
            raised(kind, "x", listed), ErrorContext(command, "/networking", event), HUB, NOW
        ),
        st.sampled_from(kinds(errors.SlackbotError)),
        typed,
        candidates,
        st.sampled_from([None, status.link.event]),
    )


def answers(status: AvailabilityStatus) -> st.SearchStrategy[Message]:
    """Build any answer of a command or a button."""
    lists = st.builds(
        lambda listing, page: sessions.session_list(listing, page, NOW, HUB),
        same_lists,
        st.integers(1, 2),
    )
    return st.one_of(
        st.just(cards.status_card(status)),
        st.just(cards.paused_card(status)),
        lists,
        lists.map(cards.status_card(status).above),
        same_sessions.map(lambda one: sessions.joined_card(one, DEMO, HUB)),
        st.lists(same_meetings, max_size=3).map(lambda met: match.history(met, DEMO)),
        error_cards(status),
        typed.map(lambda command: cards.connect_prompt(command, "/networking")),
        typed.map(cards.reconnect_prompt),
        typed.map(lambda command: cards.token_help_card(command, HUB)),
        st.sampled_from(
            [
                cards.help_card("/networking"),
                cards.help_card("/networking", unknown="x", nearest="sessions"),
                cards.disconnected_card(was_linked=True, left=False),
                cards.linked_card(LINK, next_steps=True),
                cards.secret_typed_card(),
                match.no_call_card(),
            ]
        ),
    )


@settings(max_examples=200, deadline=None)
@given(same_statuses.flatmap(answers), same_meetings, st.sampled_from([None, "https://b.example"]))
def test_combined_cards(answer: Message, found: Match, call: str | None) -> None:
    """Each answer is accepted alone, as Home, below "connected" and below the person met."""
    accepted(answer)
    accepted(cards.linked_card(LINK, next_steps=False).above(answer))
    for card in (match.match_card(found, HUB, call), match.round_over_card(found)):
        accepted(Message(answer.text, [*match.met_card(found).blocks, *answer.blocks]))
        accepted(card.above(match.call_gone_card(found, HUB)))


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
        cards.reconnect_prompt(command),
        cards.token_help_card(command, HUB),
        cards.help_card("/networking", unknown=word, nearest="sessions"),
        cards.help_card("/networking", unknown=word),
        cards.linked_card(LINK, next_steps=True),
        cards.problem_card(texts.AT_FIELD["defect"]),
        cards.secret_typed_card(),
        cards.disconnect_question(EventSlug("demo"), sanitize(word)),
        cards.disconnect_question(EventSlug("demo")),
        cards.form_not_opened(EventSlug("demo"), command),
        cards.pause_timed_card(),
        cards.not_available_there(sanitize(word), DEMO, HUB),
    ):
        accepted(message)
    pending = PendingCommand(command.text, "https://hooks.slack.com/" + "x" * 200, is_prompt=True)
    again = PendingCommand.load(pending.dump())
    assert (again.parsed, again.response_url) == (pending.parsed, pending.response_url)
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
    assert set(texts.ERRORS) == codes - drawn | {"ticket_limit_unknown"}
    assert set(texts.AT_FIELD) <= codes | {"defect"}
