"""Every message and view, for any foreign text, is one that Slack takes and that does nothing."""

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
from slackbot.slack import texts as words
from slackbot.slack.blocks import errors as trouble
from slackbot.slack.blocks import match, modals, notice, sessions
from slackbot.slack.blocks import status as account
from slackbot.slack.blocks.home import home
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.message import Button, Draft, Message
from slackbot.slack.blocks.modals import PendingCommand
from slackbot.slack.blocks.text import sanitize
from slackbot.slack.command import Command, Name
from slackbot.slack.commands.responder import joined_with

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PERSON = Person(TeamId("T0"), UserId("U0"))
DEMO = EventSlug("demo")
HUB = HubLinks("https://www.accelevents.com", "{web}/e/{event}/portal/schedule/{session_id}")
FEW = settings(max_examples=40, deadline=None)

PIECES = ["<!channel>", "<https://x.example|y>", "*_~`", "&lt;", "> ", "\n", "https://e.example"]
foreign = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from([*PIECES, "a", " ", "\u202e", "😀", "{x}"]), max_size=12).map("".join),
    st.sampled_from([*PIECES, "x" * 10_000, "*" * 500, "&" * 500, "\u200b", ""]),
)
maybe = st.none() | foreign
moments = st.none() | st.integers(1_500_000_000, 2_000_000_000).map(
    lambda seconds: datetime.fromtimestamp(seconds, UTC)
)
numbers = st.integers(1, 10**18).map(SessionId)

partners = st.builds(
    Partner,
    name=foreign,
    account_id=st.none(),
    title=maybe,
    company=maybe,
    picture=st.sampled_from([None, "https://images.example/a.png"]),
)
meetings = st.builds(
    Match,
    id=st.just(MatchId("m" * 32)),
    person=st.just(PERSON),
    event=st.just(DEMO),
    session_id=numbers,
    session_title=foreign,
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
    title=foreign,
    starts_at=moments,
    ends_at=moments,
    tracks=st.lists(foreign, max_size=5).map(tuple),
    location=maybe,
    registered=st.booleans(),
    capacity=st.none() | st.integers(0, 10**9),
    taken=st.none() | st.integers(0, 10**9),
)
wishes = st.builds(
    Availability,
    person=st.just(PERSON),
    event=st.just(DEMO),
    session_id=numbers,
    session_title=foreign,
    state=st.sampled_from(State),
    since=st.just(NOW),
    session_ends_at=moments,
)
LINK = Link(
    person=PERSON,
    event=DEMO,
    token=SecretStr("t" * 20),
    auth_scheme=AuthScheme.BARE,
    linked_at=NOW,
    credential_digest="d",
)
feeds = st.none() | st.builds(FeedHealth, connected=st.booleans(), changed_at=st.just(NOW))
standings = st.builds(
    AvailabilityStatus,
    link=st.just(LINK),
    availability=st.none() | wishes,
    feed=feeds,
    confirmed=st.booleans(),
)
# Few ids, so that what is put together speaks of the same session.
few = st.sampled_from([SessionId(1), SessionId(2), SessionId(3)])
own_links = st.builds(replace, st.just(LINK), unreachable=st.sampled_from([None, "user_disabled"]))
same_standings = st.builds(
    AvailabilityStatus,
    link=own_links,
    availability=st.none() | st.builds(replace, wishes, session_id=few),
    feed=feeds,
    confirmed=st.booleans(),
)
same_sessions = st.builds(replace, some_sessions, id=few)
same_lists = st.builds(
    Listing,
    event=st.just(DEMO),
    view=st.sampled_from(View),
    sessions=st.lists(same_sessions, max_size=4).map(tuple),
    # Read a moment after the standing, so it need not be the same.
    availability=st.none() | st.builds(replace, wishes, session_id=few),
)
same_meetings = st.builds(replace, meetings, session_id=few)
typed = st.builds(
    Command, name=st.sampled_from(Name), argument=foreign.map(lambda t: " ".join(t.split())[:200])
)


def taken(message: Message) -> None:
    """Slack takes it as a message and as Home, and it mentions and links nothing."""
    payload = message.payload()
    read_content(payload)
    assert message.text.strip()
    assert mentions(payload) == set()
    assert links(payload) == set()
    assert check_view(home(message), "home") == []


def said(message: Message) -> str:
    """The fallback text as a reader hears it."""
    return unescape(message.text).replace("\u200b", "")


def tells(message: Message, *facts: str | None) -> None:
    """Each fact stands in the fallback text, as far as that text may go."""
    if message.text.endswith("…") and len(message.text) > 3000:
        return
    for fact in facts:
        if fact is not None:
            assert sanitize(fact) in said(message)


@FEW
@given(meetings)
def test_match_card(found: Match) -> None:
    """Whom one is matched with, in time or late, before and after its button was answered."""
    message = match.match_card(found, HUB)
    taken(message)
    partner = found.partner
    role = ", ".join(part for part in (partner.title, partner.company) if part)
    tells(message, partner.name, role, found.session_title)
    kept = match.looking_back(read_content(message.payload()).blocks or [])
    taken(Message(message.text, [*kept, *account.help_card("/n").blocks]))


@FEW
@given(meetings)
def test_over_card(over: Match) -> None:
    """The same message once the round is over, and once its button was answered."""
    message = match.over_card(over)
    taken(message)
    partner = over.partner
    role = ", ".join(part for part in (partner.title, partner.company) if part)
    tells(message, partner.name, role, over.session_title)
    kept = match.looking_back(read_content(message.payload()).blocks or [])
    taken(Message(message.text, [*kept, *account.help_card("/n").blocks]))


@FEW
@given(meetings)
def test_match_card_with_a_call(found: Match) -> None:
    """One main button, which leads to the call; its address stands in no text."""
    url = "https://bot.example/call/WyJUMSJd.aaaaaa.signature"
    message = match.match_card(found, HUB, url)
    taken(message)
    tells(message, found.partner.name, found.session_title)
    (buttons,) = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    assert [b.get("url") for b in buttons if b.get("style") == "primary"] == [url]
    labels = [b["text"]["text"] for b in buttons][:3]
    assert labels == [words.BUTTON_CALL, words.BUTTON_MEET, words.BUTTON_NEW_LINK]
    assert {b["value"] for b in buttons if b["action_id"].startswith("call:")} == {found.id}
    others = [block for block in message.blocks if block["type"] != "actions"]
    assert "/call/" not in repr((message.text, others))
    gone = match.without_call(found, HUB)
    taken(gone)
    taken(match.no_call())
    assert words.CALL_GONE in said(gone)


@FEW
@given(st.lists(meetings, max_size=20))
def test_history(met: list[Match]) -> None:
    """The people met, however many."""
    message = match.history(met, DEMO)
    taken(message)
    tells(message, *(one.partner.name for one in met[: match.HISTORY_LENGTH]))


@FEW
@given(
    st.lists(some_sessions, max_size=12, unique_by=lambda s: s.id),
    st.sampled_from(View),
    st.integers(-3, 9),
    st.none() | wishes,
)
def test_session_list(
    listed: list[Session], view: View, page: int, wish: Availability | None
) -> None:
    """Any page of any view; alone it also stands below where the person stands."""
    message = sessions.session_list(Listing(DEMO, view, tuple(listed), wish), page, NOW, HUB)
    taken(message)
    shown = [one.title for one in listed if sanitize(one.title) in said(message)]
    assert bool(shown) == bool(listed) or message.text.endswith("…")
    taken(joined_with(account.status_card(AvailabilityStatus(LINK, wish, None)), message))


@FEW
@given(st.lists(some_sessions, min_size=2, max_size=12, unique_by=lambda s: s.id))
def test_choice_and_joined(listed: list[Session]) -> None:
    """Several sessions to pick from, and the one that was joined."""
    message = sessions.choice(listed, Name.JOIN, NOW)
    taken(message)
    tells(message, *(one.title for one in listed[: sessions.CHOICES]))
    joined = sessions.joined(listed[0], DEMO, HUB)
    taken(joined)
    tells(joined, listed[0].title)


@FEW
@given(standings, wishes)
def test_standing(status: AvailabilityStatus, wish: Availability) -> None:
    """Where a person stands, and what they are told without having asked."""
    message = account.status_card(status)
    taken(message)
    taken(account.paused(status))
    if status.availability is not None:
        tells(message, status.availability.session_title)
    for told in (SessionOver(wish.session_title), LinkRefused()):
        taken(notice.notice_message(told, HUB))
    for kind in errors.Refusal.__subclasses__():
        taken(notice.notice_message(AvailabilityLost(wish.session_title, kind.code), HUB))


@FEW
@given(meetings)
def test_notice_of_a_match(found: Match) -> None:
    """The notice of a match is its card."""
    assert notice.notice_message(MatchFound(found), HUB) == match.match_card(found, HUB)
    assert notice.notice_message(MatchOver(found), HUB) == match.over_card(found)
    with_call = notice.notice_message(MatchFound(found), HUB, "https://bot.example/call/x")
    assert with_call == match.match_card(found, HUB, "https://bot.example/call/x")


def kinds(root: type[errors.SlackbotError]) -> list[type[errors.SlackbotError]]:
    """The classes of the error tree that a command can come to, alone or as a session's error."""
    below = root.__subclasses__()
    if not below:
        return [root]
    apart = (errors.MessageError, errors.SessionError)
    return [leaf for kind in below if kind not in apart for leaf in kinds(kind)]


def raised(kind: type[errors.SlackbotError], query: str, listed: list[Session]) -> Any:
    if kind is errors.NoSuchSession:
        return errors.NoSuchSession(query)
    if kind is errors.AmbiguousSession:
        return errors.AmbiguousSession(listed)
    return kind()


def troubles(status: AvailabilityStatus) -> st.SearchStrategy[Message]:
    """What any error leads to, whatever was asked for."""
    candidates = st.lists(same_sessions, min_size=2, max_size=4)
    return st.builds(
        lambda kind, command, listed, event: trouble.trouble(
            raised(kind, "x", listed), trouble.ErrorContext(command, "/networking", event), HUB, NOW
        ),
        st.sampled_from(kinds(errors.SlackbotError)),
        typed,
        candidates,
        st.sampled_from([None, status.link.event]),
    )


def answers(status: AvailabilityStatus) -> st.SearchStrategy[Message]:
    """Each answer that a command or a button can have."""
    lists = st.builds(
        lambda listing, page: sessions.session_list(listing, page, NOW, HUB),
        same_lists,
        st.integers(1, 2),
    )
    return st.one_of(
        st.just(account.status_card(status)),
        st.just(account.paused(status)),
        lists,
        lists.map(lambda below: joined_with(account.status_card(status), below)),
        same_sessions.map(lambda one: sessions.joined(one, DEMO, HUB)),
        st.lists(same_meetings, max_size=3).map(lambda met: match.history(met, DEMO)),
        troubles(status),
        typed.map(lambda command: account.connect_prompt(command, "/networking")),
        typed.map(account.reconnect_prompt),
        typed.map(lambda command: account.token_help(command, HUB)),
        st.sampled_from(
            [
                account.help_card("/networking"),
                account.help_card("/networking", unknown="x", nearest="sessions"),
                account.disconnected(was_linked=True),
                account.linked(LINK, next_steps=True),
                account.secret_typed(),
                match.no_call(),
            ]
        ),
    )


@settings(max_examples=200, deadline=None)
@given(same_standings.flatmap(answers), same_meetings, st.sampled_from([None, "https://b.example"]))
def test_whatever_is_put_together(answer: Message, found: Match, call: str | None) -> None:
    """Each answer is taken alone, as Home, below "connected" and below what stays of a match."""
    taken(answer)
    taken(joined_with(account.linked(LINK, next_steps=False), answer))
    for card in (match.match_card(found, HUB, call), match.over_card(found)):
        kept = match.looking_back(read_content(card.payload()).blocks or [])
        taken(Message(answer.text, [*kept, *answer.blocks]))
        taken(Message(answer.text, [*kept, *kept, *answer.blocks]))
        taken(joined_with(card, match.without_call(found, HUB)))


@given(st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=4), max_size=6))
def test_no_button_is_lost(rows: list[list[str]]) -> None:
    """Of buttons that do the same the first stays, in its place; a row of none is no row."""
    draft = Draft()
    for row in rows:
        draft.buttons(*(Button(action, action) for action in row))
    left = [[button["action_id"] for button in block["elements"]] for block in draft.done().blocks]
    assert all(left)
    assert [*chain(*left)] == [*dict.fromkeys(chain(*rows))]


@pytest.mark.parametrize("kind", kinds(errors.SlackbotError), ids=lambda kind: kind.code)
@settings(max_examples=15, deadline=None)
@given(typed, foreign, st.lists(some_sessions, min_size=2, max_size=3, unique_by=lambda s: s.id))
def test_trouble(
    kind: type[errors.SlackbotError], command: Command, query: str, listed: list[Session]
) -> None:
    """Every error of the tree has a message with a button, and a sentence for a field."""
    error = raised(kind, query, listed)
    shown = error
    if isinstance(error, errors.PlatformError):
        shown = errors.SessionError(listed[0], error)
    for event in (None, DEMO):
        message = trouble.trouble(
            shown, trouble.ErrorContext(command, "/networking", event), HUB, NOW
        )
        taken(message)
        assert any(block["type"] == "actions" for block in message.blocks)
    field, sentence = modals.field_error(error, HUB)
    assert field in {modals.EVENT, modals.CREDENTIAL}
    assert sentence


@FEW
@given(typed, foreign, foreign, foreign)
def test_prompts_and_forms(command: Command, word: str, event: str, credential: str) -> None:
    """The connect prompt, the help after any word, the form with whatever was typed."""
    for message in (
        account.connect_prompt(command, "/networking"),
        account.reconnect_prompt(command),
        account.token_help(command, HUB),
        account.help_card("/networking", unknown=word, nearest="sessions"),
        account.help_card("/networking", unknown=word),
        account.linked(LINK, next_steps=True),
        account.problem(words.AT_FIELD["defect"]),
        account.secret_typed(),
    ):
        taken(message)
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
def test_tidy(text: str) -> None:
    """One line of visible characters, at most so long; tidying twice changes nothing."""
    line = sanitize(text)
    assert len(line) <= 120
    assert not {unicodedata.category(c) for c in line} & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    assert line == line.strip()
    assert sanitize(line) == line


def test_every_error_of_the_tree_has_words() -> None:
    """Codes and sentences are the same set, but for the two that are drawn otherwise."""
    codes = {kind.code for kind in kinds(errors.SlackbotError)}
    drawn = {"not_linked", "ambiguous_session"}
    assert set(words.ERRORS) == codes - drawn | {"ticket_limit_unknown"}
    assert set(words.AT_FIELD) <= codes | {"defect"}
