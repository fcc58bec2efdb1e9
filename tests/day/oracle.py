"""The judge of a day: it counts what should not have been, from what everybody outside saw.

It knows nothing of how the bot works, only what `docs/commands.md` promises: what people asked for,
what the platform did, and what arrived.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from slackbot.domain.model import Match, Person, SessionId
from slackbot.domain.notices import (
    AvailabilityLost,
    LinkRefused,
    MatchBack,
    MatchFound,
    PartnerLeft,
    Recap,
    SessionOver,
    SessionReminder,
    SnoozeOver,
    StillThere,
)

from .journal import Act, Journal, Sent, Setting

# For the bot to find out that a session or a round is over, of which nobody tells it.
GRACE: Final = timedelta(minutes=3)
# For the bot to pause somebody, from the end of their second round.
REACTION_GRACE: Final = timedelta(minutes=1)
UNANSWERED: Final = 2  # matches
ASSUMED_ROUND: Final = timedelta(minutes=5)
HOUR: Final = timedelta(hours=1)
# What is sent in quiet hours: it is about a match, or somebody is available or not any more.
_MAY_RING: Final = (
    MatchBack | MatchFound | AvailabilityLost | PartnerLeft | SessionOver | SnoozeOver | StillThere
)
ENDINGS: Final = ("pause", "snooze", "decline", "erase")
BEGINNINGS: Final = ("available", "take_back")
# Each figure, and what it is a part of.
LOOKED_AT: Final = {
    "minutes after the session": "minutes available",
    "minutes without a reaction": "minutes available",
    "minutes after leaving": "minutes available",
    "false reminders": "reminders",
    "notices in quiet hours": "notices in quiet hours",
    "recaps twice or wrong": "recaps",
    "traces of a single yes": "single yeses",
    "matches not sent": "matches",
    "matches sent twice": "matches",
    "errors": "",
}


@dataclass
class Verdict:
    """What was looked at, and each thing that should not have been."""

    looked_at: Counter[str] = field(default_factory=Counter)
    wrong: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    single_yeses: set[tuple[Person, Person]] = field(default_factory=set)

    def note(self, what: str, *values: object) -> None:
        self.wrong[what].append(" ".join(map(str, values)))

    def count(self, what: str) -> int:
        return len(self.wrong[what])


class History:
    """The acts and the matches of a person, by time."""

    def __init__(self, acts: Sequence[Act]) -> None:
        self.acts = acts
        self._times = [act.at for act in acts]

    def before(self, at: datetime) -> Sequence[Act]:
        return self.acts[: bisect_right(self._times, at)]

    def latest(self, at: datetime, wanted: Callable[[Act], bool]) -> Act | None:
        return next((act for act in reversed(self.before(at)) if act.done and wanted(act)), None)

    def is_connected(self, at: datetime) -> bool:
        last = self.latest(at, lambda act: act.name in {"connect", "erase"})
        return last is not None and last.name == "connect"

    def life(self, at: datetime) -> datetime:
        """Return when the person has connected, with nothing stored of what was before."""
        last = self.latest(at, lambda act: act.name == "connect")
        return last.at if last is not None else at

    def setting(self, at: datetime) -> Setting:
        last = self.latest(at, lambda act: act.setting is not None)
        return last.setting if last is not None and last.setting is not None else Setting()

    def quiet(self, at: datetime) -> bool:
        """Return whether it is a quiet hour on the person's wall."""
        setting = self.setting(at)
        if setting.quiet is None or setting.quiet[0] == setting.quiet[1]:
            return False
        begin, end = setting.quiet
        wall = at.astimezone(ZoneInfo(setting.zone))
        minute = wall.hour * 60 + wall.minute
        return (minute - begin) % 1440 < (end - begin) % 1440


class Oracle:
    """Judges a journal."""

    def __init__(self, journal: Journal) -> None:
        self.day, self.verdict = journal, Verdict()
        acts, sent = defaultdict[Person, list[Act]](list), defaultdict[Person, list[Sent]](list)
        for act in journal.acts:
            acts[act.person].append(act)
        for message in journal.sent:
            sent[message.person].append(message)
        self.people = {person: History(acts[person]) for person in journal.profiles}
        self.sent = {person: sent[person] for person in journal.profiles}
        self.joins = defaultdict[tuple[Person, SessionId], list[tuple[datetime, bool]]](list)
        for at, person, session, joined in journal.registrations:
            self.joins[person, session].append((at, joined))

    def judge(self) -> Verdict:
        self._judge_minutes()
        for person, history in self.people.items():
            self._judge_reminders(person, history)
            self._judge_quiet_hours(person, history)
            self._judge_recap(person, history)
        self._judge_matches()
        self._judge_answers()
        for failure in self.day.failures:
            self.verdict.note("errors", failure)
        return self.verdict

    # --- minutes ---------------------------------------------------------------------------------

    def _judge_minutes(self) -> None:
        for minute in self.day.minutes:
            at = minute.at
            for person, session in minute.bot.items():
                if self._refused(person, at):
                    continue  # nobody waits, and a new login is asked for
                self.verdict.looked_at["minutes available"] += 1
                ended_at = self.day.slots[session].ended_at(at)
                if ended_at is not None and at > ended_at + GRACE:
                    self.verdict.note("minutes after the session", at, person.user, session)
            for person, session in {**minute.platform, **minute.bot}.items():
                if not self._refused(person, at) and self._is_absent(person, session, at):
                    self.verdict.note("minutes without a reaction", at, person.user, session)
            for person, session in minute.platform.items():
                if not self._refused(person, at) and self._has_left(person, session, at):
                    self.verdict.note("minutes after leaving", at, person.user, session)

    def _refused(self, person: Person, at: datetime) -> bool:
        return person in self.day.expires and self.day.expires[person] <= at

    def _is_absent(self, person: Person, session: SessionId, at: datetime) -> bool:
        """Return whether two rounds are over, to whose messages the person has not reacted.

        A third round may begin at that moment, and is not broken off.
        """
        history = self.people[person]
        past = history.before(at)
        begun = past[-1].at if past else at
        back = history.latest(at, lambda act: act.until is not None)
        if back is not None and back.until is not None and back.until <= at:
            begun = max(begun, back.until)
        found = [
            match
            for match in self._matches(person)
            if begun < match.received_at <= at and match.session_id == session and not match.late
        ]
        if len(found) < UNANSWERED:
            return False
        until = _end_of(found[UNANSWERED - 1]) + REACTION_GRACE
        third = found[UNANSWERED : UNANSWERED + 1]
        if third and third[0].received_at < until:
            until = _end_of(third[0]) + REACTION_GRACE
        return until < at

    def _matches(self, person: Person) -> Iterator[Match]:
        for message in self.sent[person]:
            if isinstance(message.notice, MatchFound):
                yield message.notice.match

    def _has_left(self, person: Person, session: SessionId, at: datetime) -> bool:
        """Return whether the person has ended their availability in the session."""
        last = self.people[person].latest(at, lambda act: act.name in (*ENDINGS, *BEGINNINGS))
        if last is None or (last.name in BEGINNINGS and last.session == session):
            return False
        back_at = last.until if last.until is not None else at
        # During a round, leaving might end the call of the partner.
        running = [match for match in self._matches(person) if match.received_at <= last.at]
        ended_at = max([last.at, *(min(_end_of(match), at) for match in running)])
        return ended_at + GRACE < at <= back_at

    # --- notices ---------------------------------------------------------------------------------

    def _wanted(self, person: Person, session: SessionId, at: datetime) -> tuple[bool, bool]:
        """Return whether a reminder is wanted, and whether they have registered."""
        history = self.people[person]
        asked = history.latest(
            at, lambda act: act.name in {"remind", "forget"} and act.session == session
        )
        known = [is_in for since, is_in in self.joins[person, session] if since <= at]
        joined = bool(known) and known[-1]
        if asked is not None and asked.at > history.life(at):
            return asked.name == "remind", joined
        return joined, joined

    def _judge_reminders(self, person: Person, history: History) -> None:
        seen = Counter[tuple[str, str, datetime]]()
        for message in self.sent[person]:
            notice, at = message.notice, message.at
            if not isinstance(notice, SessionReminder):
                continue
            self.verdict.looked_at["reminders"] += 1
            session, setting = SessionId(int(notice.session)), history.setting(at)
            times = self.day.slots[session].times(at)
            starts_at = datetime.fromisoformat(notice.starts)
            lead = timedelta(minutes=setting.reminder_minutes)
            occasion = notice.session, notice.starts, history.life(at)
            seen[occasion] += 1
            is_off = not setting.reminder_minutes or "reminder" in setting.off
            reasons = {
                "not connected": not history.is_connected(at),
                "moved": times.starts_at != starts_at,
                "cancelled": times.is_cancelled,
                "has begun": at >= starts_at,
                "not joined": not self._wanted(person, session, at)[0],
                "switched off": is_off,
                "too early": at < starts_at - lead,
                "twice": seen[occasion] > 1,
            }
            for reason in [reason for reason, holds in reasons.items() if holds]:
                self.verdict.note("false reminders", at, person.user, session, reason)

    def _judge_quiet_hours(self, person: Person, history: History) -> None:
        for message in self.sent[person]:
            if not history.quiet(message.at):
                continue
            notice = message.notice
            self.verdict.looked_at["notices in quiet hours"] += 1
            may_ring = isinstance(notice, _MAY_RING)
            if isinstance(notice, LinkRefused):
                may_ring = bool(notice.title)
            if not may_ring:
                self.verdict.note("notices in quiet hours", message.at, person.user, type(notice))

    def _judge_recap(self, person: Person, history: History) -> None:
        """Judge whether the recap came once, an hour after the end, to those who wanted it."""
        recaps = [message for message in self.sent[person] if isinstance(message.notice, Recap)]
        ends_at = self.day.ends_at
        self.verdict.looked_at["recaps"] += len(recaps)
        for number, message in enumerate(recaps):
            at = message.at
            is_off = "recap" in history.setting(at).off
            met = any(
                history.life(at) <= match.received_at <= at for match in self._matches(person)
            )
            if number or is_off or not met or at < ends_at + HOUR:
                self.verdict.note("recaps twice or wrong", at, person.user)

    # --- matches and answers ---------------------------------------------------------------------

    def _judge_matches(self) -> None:
        """Judge whether each pairing was sent once to each of the two who stayed connected."""
        accounts = {profile.account: person for person, profile in self.day.profiles.items()}
        made, due, last = Counter[Person](), Counter[Person](), self.day.minutes[-1].at
        for pairing in self.day.pairings:
            for account in pairing.accounts:
                person = accounts[account]
                made[person] += 1
                due[person] += not self._ended(person, pairing.at)
        for person, count in made.items():
            history = self.people[person]
            self.verdict.looked_at["matches"] += count
            if any(act.name == "erase" for act in history.acts) or self._refused(person, last):
                continue
            sent = sum(1 for _ in self._matches(person))
            for _ in range(due[person] - sent):
                self.verdict.note("matches not sent", person.user, f"{sent} of {count}")
            for _ in range(sent - count):
                self.verdict.note("matches sent twice", person.user, f"{sent} of {count}")

    def _ended(self, person: Person, at: datetime) -> bool:
        """Return whether the person has asked to be left alone until later than this time."""
        last = self.people[person].latest(at, lambda act: act.name in (*ENDINGS, *BEGINNINGS))
        if last is None or last.name in BEGINNINGS:
            return False
        return last.until is None or at < last.until

    def _judge_answers(self) -> None:
        """Search all that is stored for and was sent to the partner of each single yes."""
        yeses = {(each.person, each.partner) for each in self.day.answers if each.wanted}
        agreed = {
            pair
            for each in self.day.answers
            if each.agreed
            for pair in ((each.person, each.partner), (each.partner, each.person))
        }
        own = {(each.person, each.partner) for each in self.day.answers}
        rows = defaultdict[str, list[tuple[str, dict[str, object]]]](list)
        for table, found in self.day.stored.items():
            for row in found:
                if isinstance(user := row.get("user_id"), str):
                    rows[user].append((table, row))
        epochs = {str(row["user_id"]): str(row["epoch"]) for row in self.day.stored["people"]}
        texts = {
            person: [repr(message) for message in found] for person, found in self.sent.items()
        }
        self.verdict.single_yeses = yeses - agreed
        self.verdict.looked_at["single yeses"] = len(yeses - agreed)
        for person, partner in sorted(yeses - agreed, key=str):
            names = [person.user, epochs.get(person.user, person.user)]
            for table, row in rows[partner.user]:
                is_own = table == "contact_answers" and (partner, person) in own
                said = " ".join(map(str, row.values()))
                if not is_own and any(name in said for name in names):
                    self.verdict.note("traces of a single yes", partner.user, table, row)
            for text in texts[partner]:
                if any(name in text for name in names):
                    self.verdict.note("traces of a single yes", partner.user, text)


def _end_of(match: Match) -> datetime:
    return match.ends_at or match.received_at + ASSUMED_ROUND
