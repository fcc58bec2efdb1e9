"""Every card that the bot can send, drawn with hostile, empty and huge text.

A builder of `slackbot/slack/blocks` that is missing here fails `tests/property/test_every_card.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from hypothesis import strategies as st
from pydantic import SecretStr

from slackbot.domain import errors
from slackbot.domain.files import FileLink
from slackbot.domain.meetings import Meeting, PastMatch
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
    LoginExpiring,
    MatchBack,
    MatchFound,
    MatchOver,
    PartnerLeft,
    Recap,
    SessionOver,
    SessionReminder,
    SnoozeOver,
    StillThere,
)
from slackbot.domain.plans import PlannedSession
from slackbot.domain.ports import Posted
from slackbot.domain.preferences import NoticeKind, Preferences
from slackbot.domain.snoozes import Snooze
from slackbot.domain.surfaces import CardKind, StateCard
from slackbot.services.availability import AvailabilityStatus, NoticeState
from slackbot.services.dashboard import Dashboard
from slackbot.services.declines import Declined
from slackbot.services.privacy import Erased
from slackbot.services.programmes import Programme
from slackbot.services.reminders import ReminderSet
from slackbot.services.self_check import CheckReport, CheckResult
from slackbot.services.sessions import Listing, View
from slackbot.services.waiting import Elsewhere, Waiting, reason_of
from slackbot.slack import error_texts, manner_texts, texts
from slackbot.slack.blocks import (
    contacts,
    history,
    home,
    login,
    match,
    modals,
    notice,
    pausing,
    preferences,
    privacy,
    reminders,
    sessions,
    why,
)
from slackbot.slack.blocks import errors as error_cards
from slackbot.slack.blocks import status as cards
from slackbot.slack.blocks.links import HubLinks, OrganiserHelp
from slackbot.slack.blocks.message import Draft, Message
from slackbot.slack.blocks.modals import PendingCommand
from slackbot.slack.blocks.pages import paged
from slackbot.slack.command import Command, Name
from tests.harness.event_cards import contact_cards, event_cards

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PERSON = Person(TeamId("T0"), UserId("U0"))
EPOCH = Epoch("e" * 16)
DEMO = EventSlug("demo")
HUB = HubLinks("https://www.accelevents.com", "{web}/e/{event}/portal/schedule/{session_id}")

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
    description=maybe,
    speakers=st.lists(untrusted, max_size=2).map(tuple),
    recorded=st.booleans(),
    private=st.booleans(),
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
own_links = st.builds(
    replace,
    st.just(LINK),
    account_name=maybe,
    unreachable=st.sampled_from([None, "user_disabled"]),
)
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


def kinds(root: type[errors.SlackbotError]) -> list[type[errors.SlackbotError]]:
    """Return the error classes that a command can meet, alone or as a session's error."""
    below = root.__subclasses__()
    if not below:
        return [root]
    apart = (errors.MessageError, errors.SessionError)
    return [leaf for kind in below if kind not in apart for leaf in kinds(kind)]


def raised(
    kind: type[errors.SlackbotError], query: str, listed: list[Session]
) -> errors.SlackbotError:
    """Return an error of this class, with untrusted words where it has some."""
    if kind is errors.NoSuchSession:
        return errors.NoSuchSession(query)
    if kind is errors.OtherEvent:
        return errors.OtherEvent(query)
    if kind is errors.AvailableElsewhere:
        return errors.AvailableElsewhere(query, query)
    if kind is errors.AmbiguousSession:
        return errors.AmbiguousSession(listed)
    return kind(reason=query) if issubclass(kind, errors.Refusal) else kind()


statuses_of = st.builds(
    replace, same_statuses, notice=st.sampled_from(NoticeState), round_over=st.booleans()
)
contexts = st.builds(
    error_cards.ErrorContext,
    command=typed,
    slash=st.just("/networking"),
    event=st.sampled_from([None, DEMO]),
)
call_urls = st.sampled_from([None, "https://bot.example/call/WyJUMSJd.aaaaaa.signature"])
pages = st.integers(-1, 3)
flags = st.booleans()
HELPED: Final = replace(
    HUB,
    help=OrganiserHelp("*Mail* <@U1> at the &desk", "https://help.example/link"),
    names={DEMO: "*Demo* & <Summit>"},
)
HUB_ARGUMENT: Final = st.sampled_from([HUB, HELPED])
SLASH: Final = st.just("/networking")
plans = st.builds(
    PlannedSession,
    person=st.just(PERSON),
    person_epoch=st.just(EPOCH),
    event=st.just(DEMO),
    session_id=st.just(SessionId(7)),
    session_title=untrusted,
    starts_at=st.just(NOW),
)
reminder_sets = st.builds(
    ReminderSet,
    plans,
    st.sampled_from([0, 10]),
    st.sampled_from(["", "https://www.accelevents.com/e/demo/files/x"]),
)
met = st.builds(
    PastMatch,
    meetings,
    st.builds(Meeting, st.none() | st.booleans(), st.none() | st.integers(1, 90)),
)
histories = st.builds(
    history.history,
    st.lists(met, max_size=25),
    HUB_ARGUMENT,
    pages,
    st.just("") | untrusted.map(lambda text: " ".join(text.split())[:200]),
    st.integers(0, 30),
)


@st.composite
def _errors(draw: st.DrawFn) -> errors.SlackbotError:
    listed = draw(st.lists(same_sessions, min_size=2, max_size=12))
    error = raised(draw(st.sampled_from(kinds(errors.SlackbotError))), draw(untrusted), listed)
    if isinstance(error, errors.PlatformError) and draw(flags):
        return errors.SessionError(listed[0], error)
    return error


expiring = st.builds(
    LoginExpiring, st.just(DEMO), untrusted, st.just(NOW.isoformat()), st.sampled_from(["True", ""])
)
iso_times = st.just(NOW.isoformat())
session_reminders = st.builds(
    SessionReminder,
    event=st.just(DEMO),
    session=st.just("7"),
    title=untrusted,
    place=untrusted,
    starts=iso_times,
    ends=st.just("") | iso_times,
    minutes=st.sampled_from(["1", "10"]),
    joined=st.sampled_from(["True", "False"]),
    left=st.sampled_from(["", "1", "9"]),
    calendar=st.sampled_from(["", "https://www.accelevents.com/e/demo/files/x"]),
)
event_recaps = st.builds(
    Recap, st.just(DEMO), st.sampled_from(["1", "7"]), st.sampled_from(["0", "1", "5"])
)
notices = st.one_of(
    st.builds(MatchFound, same_meetings),
    st.builds(MatchOver, same_meetings),
    st.builds(MatchBack, same_meetings),
    st.just(LinkRefused()),
    st.builds(LinkRefused, st.just(DEMO), untrusted),
    expiring,
    st.builds(SessionOver, untrusted),
    session_reminders,
    event_recaps,
    st.builds(
        AvailabilityLost,
        untrusted,
        st.sampled_from([kind.code for kind in errors.Refusal.__subclasses__()]),
    ),
)
reports = st.builds(
    CheckReport,
    reference=st.just("0a1b2c3d"),
    version=st.just("1.0"),
    event=st.sampled_from([None, DEMO]),
    results=st.lists(st.sampled_from(CheckResult), min_size=1, max_size=6).map(tuple),
)
dashboards = st.builds(
    Dashboard,
    link=st.none() | own_links,
    status=st.none() | statuses_of,
    programme=st.builds(
        Programme,
        live=st.lists(same_sessions, max_size=4).map(tuple),
        joined=st.lists(same_sessions, max_size=4).map(tuple),
        is_known=flags,
    ),
    matches=st.lists(same_meetings, max_size=3).map(tuple),
)
state_cards = st.builds(
    StateCard,
    person=st.just(PERSON),
    person_epoch=st.just(EPOCH),
    posted=st.just(Posted("D1", "1.0")),
    kind=st.sampled_from(CardKind),
    since=st.just(NOW),
    session_title=untrusted,
)
snoozes = st.builds(
    Snooze,
    person=st.just(PERSON),
    person_epoch=st.just(EPOCH),
    event=st.just(DEMO),
    session_id=numbers,
    session_title=untrusted,
    asked_at=st.just(NOW),
    until=st.just(NOW + timedelta(minutes=10)),
    session_ends_at=moments,
    opens=st.booleans(),
)
isoformat = st.just(NOW.isoformat())
still_there = st.builds(
    StillThere, untrusted, st.just("7"), isoformat, st.sampled_from(["", NOW.isoformat()])
)
partner_left = st.builds(
    PartnerLeft,
    untrusted,
    untrusted,
    st.just("7"),
    st.just("a" * 16),
    st.just(""),
    st.sampled_from(["True", "False"]),
)
booleans = st.sampled_from(["True", "False"])
own_notices = st.one_of(
    st.builds(SnoozeOver, untrusted, st.just("7"), isoformat, booleans), still_there, partner_left
)
declined = st.builds(Declined, same_meetings, flags)
minutes = st.none() | st.integers(0, 1439)
some_preferences = st.builds(
    Preferences,
    person=st.just(PERSON),
    person_epoch=st.just(EPOCH),
    reminder_minutes=st.integers(0, 120),
    quiet_from=minutes,
    quiet_to=minutes,
    muted=st.frozensets(st.sampled_from(NoticeKind)),
)
elsewhere = st.builds(Elsewhere, session_id=few, title=untrusted, count=st.integers(1, 9))


@st.composite
def _waits(draw: st.DrawFn) -> Waiting:
    status = draw(statuses_of)
    if status.availability is None:
        status = replace(status, snooze=draw(st.none() | snoozes))
    reason = reason_of(status, draw(st.integers(0, 2)))
    return Waiting(status=status, reason=reason, elsewhere=draw(st.none() | elsewhere))


waits = _waits()
words = untrusted.map(lambda text: " ".join(text.split())[:150] or "x")
# By the module and the name of the builder.
stored = st.dictionaries(
    st.sampled_from(["people", "links", "matches", "call_links", "notices", "homes"]),
    st.just([{}]),
)
erasures = st.builds(
    Erased,
    at=st.just(NOW),
    receipt=st.just("E-0000-0000-0000-0000-0000"),
    was_linked=flags,
    matches=st.integers(0, 300),
    left=flags,
)
CARDS: Final[dict[str, st.SearchStrategy[Message]]] = {
    "errors.error_card": st.builds(
        error_cards.error_card, _errors(), contexts, HUB_ARGUMENT, st.just(NOW)
    ),
    "errors.defect_card": st.builds(error_cards.defect_card, st.just(RuntimeError())),
    "home.home": st.builds(home.home, dashboards, SLASH, st.just(NOW), HUB_ARGUMENT),
    "login.token_help_card": st.builds(login.token_help_card, typed, HUB_ARGUMENT),
    "login.login_expiring_card": st.builds(login.login_expiring_card, expiring, HUB_ARGUMENT),
    "login.login_expired_card": st.builds(
        login.login_expired_card,
        st.sampled_from(["", DEMO]),
        HUB_ARGUMENT,
        typed,
        SLASH,
        st.just("") | untrusted,
    ),
    "match.match_card": st.builds(match.match_card, same_meetings, HUB_ARGUMENT, call_urls),
    "match.call_gone_card": st.builds(match.call_gone_card, same_meetings, HUB_ARGUMENT),
    "match.no_call_card": st.builds(match.no_call_card),
    "match.round_over_card": st.builds(
        match.round_over_card, same_meetings, may_swap=flags, may_report=flags
    ),
    "match.leave_round_card": st.builds(match.leave_round_card, same_meetings, st.just("7")),
    "match.met_card": st.builds(match.met_card, same_meetings),
    "history.history": histories,
    "history.matches_kept": st.builds(history.matches_kept, histories),
    "history.export_card": st.builds(
        history.export_card,
        st.none() | st.just(FileLink("https://www.accelevents.com/e/demo/files/x", NOW)),
        st.integers(1, 300),
    ),
    "notice.notice_message": st.builds(notice.notice_message, notices, HUB_ARGUMENT, call_urls),
    "reminders.reminder_card": st.builds(reminders.reminder_card, session_reminders, HUB_ARGUMENT),
    "reminders.recap_card": st.builds(reminders.recap_card, event_recaps, HUB_ARGUMENT),
    "reminders.remind_set_card": st.builds(
        reminders.remind_set_card, reminder_sets, HUB_ARGUMENT, st.just(NOW)
    ),
    "reminders.remind_off_card": st.builds(reminders.remind_off_card, st.none() | plans),
    "reminders.remind_unknown_card": st.builds(reminders.remind_unknown_card, untrusted),
    "sessions.session_list": st.builds(
        sessions.session_list, same_lists, pages, st.just(NOW), HUB_ARGUMENT
    ),
    "sessions.session_choice": st.builds(
        sessions.session_choice,
        st.lists(some_sessions, min_size=2, max_size=12, unique_by=lambda one: one.id),
        st.sampled_from([Name.JOIN, Name.AVAILABLE]),
        st.just(NOW),
    ),
    "sessions.joined_card": st.builds(
        sessions.joined_card, same_sessions, st.just(DEMO), HUB_ARGUMENT
    ),
    "status.connect_prompt": st.builds(cards.connect_prompt, typed, SLASH),
    "status.already_linked_card": st.builds(
        cards.already_linked_card, own_links, HUB_ARGUMENT, typed
    ),
    "status.secret_typed_card": st.builds(cards.secret_typed_card, in_message=flags),
    "status.welcome_card": st.builds(cards.welcome_card),
    "status.mention_card": st.builds(cards.mention_card, SLASH),
    "status.mentioned": st.builds(
        cards.mentioned, st.builds(cards.status_card, statuses_of, HUB_ARGUMENT), SLASH
    ),
    "status.linked_card": st.builds(cards.linked_card, own_links, HUB_ARGUMENT, next_steps=flags),
    "status.problem_card": st.sampled_from([*error_texts.AT_FIELD.values()]).map(
        cards.problem_card
    ),
    "privacy.privacy_card": st.builds(
        privacy.privacy_card, stored, st.integers(2, 90), st.just("c" * 16)
    ),
    "privacy.permissions_card": st.builds(privacy.permissions_card, contact_swap=st.booleans()),
    "privacy.export_link_card": st.builds(
        privacy.export_link_card,
        st.just(FileLink("https://www.accelevents.com/files/x", NOW)),
        st.none() | st.just(FileLink("https://www.accelevents.com/files/y", NOW)),
    ),
    "privacy.export_part_card": st.builds(
        lambda parts, page: privacy.export_part_card(paged(parts, page, 1)),
        st.lists(st.text('{}[]": <!channel>*_~`\\u@.aZ', min_size=1), min_size=1, max_size=5),
        pages,
    ),
    "privacy.erase_question": st.builds(
        privacy.erase_question, st.integers(0, 300), st.just("c" * 16)
    ),
    "privacy.erased_card": st.builds(privacy.erased_card, erasures),
    "privacy.disconnected_card": st.builds(privacy.disconnected_card, erasures),
    "status.form_not_opened": st.builds(cards.form_not_opened, st.just(DEMO), typed),
    "status.not_available_there": st.builds(
        cards.not_available_there, words, st.just(DEMO), HUB_ARGUMENT
    ),
    "status.status_card": st.builds(cards.status_card, statuses_of, HUB_ARGUMENT),
    "status.paused_card": st.builds(cards.paused_card, statuses_of),
    "status.help_card": st.builds(
        cards.help_card, SLASH, unknown=untrusted, nearest=st.sampled_from(["", "sessions"])
    ),
    "status.check_card": st.builds(cards.check_card, reports, HUB_ARGUMENT),
    "status.still_asking_card": st.builds(cards.still_asking_card),
    "status.was_waiting_card": st.builds(
        cards.was_waiting_card, state_cards, st.none() | st.builds(match.met_card, same_meetings)
    ),
    "status.login_renewed_card": st.builds(cards.login_renewed_card, state_cards),
}
CARDS.update(event_cards(own_links, HUB_ARGUMENT, words, CARDS["status.status_card"]))
CARDS.update(contact_cards(same_meetings, untrusted))
CARDS |= {
    "pausing.pause_timed_card": st.builds(
        pausing.pause_timed_card,
        st.sampled_from(
            [manner_texts.PAUSE_TIMED, manner_texts.PAUSE_LIMITS, manner_texts.ZONE_UNKNOWN]
        ),
    ),
    "pausing.snoozed_card": st.builds(pausing.snoozed_card, snoozes),
    "pausing.opening_card": st.builds(pausing.opening_card, snoozes),
    "pausing.nothing_to_pause_card": st.builds(pausing.nothing_to_pause_card),
    "pausing.held_back_card": st.builds(pausing.held_back_card, st.just(NOW), words),
    "pausing.availability_notice": st.builds(pausing.availability_notice, own_notices),
    "pausing.still_there_card": st.builds(pausing.still_there_card, still_there),
    "pausing.partner_left_card": st.builds(pausing.partner_left_card, partner_left),
    "match.declined_card": st.builds(match.declined_card, declined),
    "match.match_back_card": st.builds(
        match.match_back_card, same_meetings, HUB_ARGUMENT, call_urls
    ),
    "match.partner_gone_card": st.builds(match.partner_gone_card, same_meetings),
    "match.taken_back_card": st.builds(match.taken_back_card, declined, HUB_ARGUMENT, call_urls),
    "preferences.preferences_card": st.builds(
        preferences.preferences_card, some_preferences, unknown=st.just("") | untrusted
    ),
    "why.why_card": st.builds(why.why_card, waits),
}
# The cards that stand above another one. Two lines that the handlers put there are no builders.
ABOVE: Final[list[st.SearchStrategy[Message]]] = [
    *(CARDS[f"status.{name}"] for name in ("status_card", "linked_card")),
    *(CARDS[f"match.{name}"] for name in ("met_card", "call_gone_card", "match_card")),
    words.map(lambda rest: Draft().say(texts.UNKNOWN_PART, rest=rest).done()),
    st.just(Draft().say(texts.DAY_UNKNOWN).done()),
]
pending_commands = typed.map(lambda command: PendingCommand(command.text, "https://hooks.example"))
VIEWS: Final[dict[str, st.SearchStrategy[dict[str, Any]]]] = {
    "modals.connect_form": st.builds(
        modals.connect_form,
        pending_commands,
        HUB_ARGUMENT,
        event=untrusted,
        credential=untrusted,
        linked_to=untrusted,
        problem=untrusted,
    ),
    "modals.checking": st.builds(modals.checking, pending_commands),
    "modals.still_checking": st.builds(modals.still_checking, pending_commands),
    "modals.connected": st.builds(modals.connected, pending_commands, untrusted),
    "contacts.report_form": st.builds(contacts.report_form, same_meetings),
    "modals.notice": CARDS["status.help_card"].map(modals.notice),
}
# Ways in which one card follows another.
JOINED: Final[list[Callable[[Message, Message], Message]]] = [
    Message.above,
    lambda upper, lower: Draft().then(upper).then(lower).done(),
]
