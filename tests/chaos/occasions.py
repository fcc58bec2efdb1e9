"""The rows about what is sent before and after an event: reminders and recaps."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import cycle

from sqlalchemy import delete, update

from slackbot.domain.model import EventSlug, Person, SessionId, TeamId
from slackbot.domain.plans import PlannedSession
from slackbot.domain.preferences import NoticeKind
from slackbot.storage.store import SqlStore
from slackbot.storage.tables import LinkRow, MatchRow
from tests.harness.fakes import epoch_of

from .account import Account
from .dues import Dues, killed, one_in_ten, person, prefer, prepare
from .stage import Stage

EVENING = 11650
LEAD_MINUTES = 12
# From the start of a row until the people with that lead are due: within a minute from here on.
SOON = timedelta(seconds=15)
# Of people who are due at once, who become due meanwhile, and whose time is after the row.
LEADS = (120, LEAD_MINUTES, 2)
# Numbers of each ten people. Those with 3, 5 and 7 are quiet or forgotten.
NEVER, MUTED, LEFT, NOT_MET = 0, 1, 8, 9


async def reminded(here: Stage, _: Account, times: int) -> None:
    """A session opens soon while processes are killed: who has joined it is reminded once.

    The bot has to read who has joined it. Some have switched reminders off, some have left the
    session in the event hub since it was read, and for some it is too early.
    """
    users = list(here.people.values())
    leads = dict(zip(users, cycle(LEADS), strict=False))
    off = one_in_ten(users, NEVER, MUTED)
    left = set(one_in_ten(users, LEFT))
    session = here.platform.session(EVENING)
    earliest = datetime.now(UTC) + SOON + timedelta(minutes=LEAD_MINUTES + 1)
    session.starts = earliest.replace(second=0, microsecond=0)  # the platform's times are so
    session.ends = session.starts + timedelta(hours=2)
    joined = {name: [1] for name, user in here.people.items() if user not in left}
    session.registered |= joined

    async def join(store: SqlStore, people: list[Person]) -> None:
        for who in people:
            await prefer(store, who.user, reminder_minutes=leads[who.user])
        for user in one_in_ten(users, NEVER):
            await prefer(store, user, reminder_minutes=0)
        for user in one_in_ten(users, MUTED):
            await prefer(store, user, muted=frozenset({NoticeKind.REMINDER}))
        await store.plans.save([_plan(person(user), session.starts) for user in left])
        unread = LinkRow.team_id == "T0DEMO", LinkRow.user_id.not_in(left)
        await store.database.execute(update(LinkRow).where(*unread).values(sessions_read_at=None))

    may_be_due = await prepare(here, join)
    early = {user for user, minutes in leads.items() if minutes < LEAD_MINUTES}
    dues = Dues(here, "Evening mixer", may_be_due - set(off) - left - early)
    await killed(here, times)
    await dues.verify()


def _plan(who: Person, starts_at: datetime) -> PlannedSession:
    return PlannedSession(
        person=who,
        person_epoch=epoch_of(who),
        event=EventSlug("demo"),
        session_id=SessionId(EVENING),
        session_title="Evening mixer",
        starts_at=starts_at,
        joined=True,
    )


async def recapped(here: Stage, _: Account, times: int) -> None:
    """An event is over while processes are killed: who was matched there has one recap.

    Some were never matched, and some want no recap.
    """
    users = list(here.people.values())
    without = one_in_ten(users, MUTED, NOT_MET)
    over = datetime.now(UTC) - timedelta(minutes=61)

    async def end(store: SqlStore, people: list[Person]) -> None:
        for session in here.platform.event:
            session.starts, session.ends = over - timedelta(hours=1), over
        for who in people:
            await store.availabilities.end(who)
        for user in one_in_ten(users, MUTED):
            await prefer(store, user, muted=frozenset({NoticeKind.RECAP}))
        await _forget_matches(store, one_in_ten(users, NOT_MET))
        # It is known: who dies while reading it delays all by ten minutes.
        await store.recaps.save_end(TeamId("T0DEMO"), EventSlug("demo"), over)

    dues = Dues(here, "That was networking", await prepare(here, end) - set(without))
    await killed(here, times)
    await dues.verify()


async def _forget_matches(store: SqlStore, users: Iterable[str]) -> None:
    theirs = MatchRow.team_id == "T0DEMO", MatchRow.user_id.in_(users)
    await store.database.execute(delete(MatchRow).where(*theirs))
