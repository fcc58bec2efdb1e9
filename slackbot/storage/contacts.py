"""The repositories of answers to swapping contacts, and of reports."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    delete,
    exists,
    false,
    or_,
    select,
    union,
    update,
)
from sqlalchemy.orm import aliased

from slackbot.domain.contacts import Known, Report, Swap
from slackbot.domain.errors import NotLinked
from slackbot.domain.model import Epoch, Match, MatchId, Partner, Person, TeamId, UserId
from slackbot.domain.ports import PendingMatch
from slackbot.storage.contact_tables import ContactAnswerRow, ReportRow
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher, DecryptionFailed
from slackbot.storage.mappers import REPORT, match_of, person_of
from slackbot.storage.statements import of, of_any, select_columns
from slackbot.storage.tables import IdentityRow, LinkRow, MatchRow, OtherLinkRow

_NO_SWAP = dict.fromkeys(("agreed_at", "channel", "posting_at", "settled_at", "outcome"))


class Contacts:
    """Implements `ContactStore` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def partner_of(self, match: Match) -> Known | None:
        """Return the partner if they are connected here and the match is theirs too."""
        for sides in _other_sides(match):
            rows = await self._database.fetch_all(sides)
            if len(rows) == 1:
                return Known(person_of(rows[0]), Epoch(rows[0].person_epoch))
            if rows:
                return None  # several people have connected the partner's account
        return None

    async def may_be_partner(self, match: Match) -> set[UserId]:
        """Return all who may be the partner, also if that is not sure or they have left."""
        team, account = match.person.team, match.partner.account_id
        there: ColumnElement[bool] = false()
        if match.meeting_digest is None and account is None:
            return set()
        if match.meeting_digest is not None:
            there = MatchRow.meeting_digest == match.meeting_digest
        if account is not None:
            unknown = and_(there, MatchRow.account == "")
            there = or_(MatchRow.account == str(account), unknown)
        met = MatchRow.team_id == team, MatchRow.event == match.event, there
        found = await self._database.fetch_column(select(MatchRow.user_id).where(*met))
        for table in (LinkRow, OtherLinkRow) if account is not None else ():
            theirs = table.team_id == team, table.account_id == account
            found += await self._database.fetch_column(select(table.user_id).where(*theirs))
        return {UserId(user) for user in found} - {match.person.user}

    async def has_answered(self, person: Person, partner: Person) -> bool:
        """Return whether the person has answered about this partner."""
        answered = select(ContactAnswerRow.answered_at).where(_about(person, partner))
        return await self._database.fetch_one(answered) is not None

    async def answer(self, match: Match, partner: Known, at: datetime, *, wanted: bool) -> bool:
        """Record the person's answer. Return whether both agree.

        Raises:
            NotLinked: one of them has been deleted.
        """
        person = match.person
        # Who answers at the same moment waits here, so that one of the two sees both answers.
        both = select(IdentityRow.user_id, IdentityRow.epoch).where(
            of_any(IdentityRow, [person, partner.person])
        )
        both = both.order_by(IdentityRow.user_id).with_for_update(key_share=True)
        values = {
            "team_id": person.team,
            "user_id": person.user,
            "partner_user_id": partner.person.user,
            "person_epoch": match.person_epoch,
            "partner_epoch": partner.epoch,
            "match_id": match.id,
            "wanted": wanted,
            "answered_at": at,
        }
        saved = self._database.insert(ContactAnswerRow).values(values)
        saved = saved.on_conflict_do_update(
            index_elements=["team_id", "user_id", "partner_user_id"],
            set_={name: saved.excluded[name] for name in values} | _NO_SWAP,
            where=ContactAnswerRow.agreed_at.is_(None),
        )
        theirs = _about(partner.person, person)
        either = or_(_about(person, partner.person), theirs)
        agreed = select(ContactAnswerRow.agreed_at).where(_about(person, partner.person))
        wants = select(ContactAnswerRow.wanted).where(theirs, ContactAnswerRow.wanted)

        def work(connection: Connection) -> bool:
            epochs = {row.user_id: row.epoch for row in connection.execute(both)}
            known = {person.user: match.person_epoch, partner.person.user: partner.epoch}
            if epochs != known:
                raise NotLinked
            connection.execute(saved)
            if wanted and connection.scalar(wants):
                new = update(ContactAnswerRow).where(either, ContactAnswerRow.agreed_at.is_(None))
                connection.execute(new.values(agreed_at=at))
            return connection.scalar(agreed) is not None

        return await self._database.transaction(work)

    async def withdraw(self, match: Match, partner: Known) -> bool:
        """Delete the person's answer, unless both have agreed. Return whether they have."""
        mine = _about(match.person, partner.person)
        gone = delete(ContactAnswerRow).where(mine, ContactAnswerRow.agreed_at.is_(None))

        def work(connection: Connection) -> bool:
            connection.execute(gone)
            return connection.scalar(select(ContactAnswerRow.agreed_at).where(mine)) is not None

        return await self._database.transaction(work)

    async def get_swap(self, person: Person, match_id: MatchId) -> Swap | None:
        """Return what the person and the partner of this match have agreed on, or None."""
        wanted = select_columns(ContactAnswerRow).where(
            of(ContactAnswerRow, person),
            ContactAnswerRow.match_id == match_id,
            ContactAnswerRow.agreed_at.is_not(None),
        )
        mine = select_columns(MatchRow).where(of(MatchRow, person), MatchRow.id == match_id)

        def work(connection: Connection) -> Swap | None:
            row, match = connection.execute(wanted).first(), connection.execute(mine).first()
            if row is None or match is None:
                return None
            partner = Person(person.team, UserId(row.partner_user_id))
            theirs = select_columns(MatchRow).join(
                ContactAnswerRow,
                and_(
                    ContactAnswerRow.team_id == MatchRow.team_id,
                    ContactAnswerRow.user_id == MatchRow.user_id,
                    ContactAnswerRow.match_id == MatchRow.id,
                ),
            )
            met = connection.execute(theirs.where(_about(partner, person))).first()
            return _swap(row, match_of(match), match_of(met).partner if met is not None else None)

        return await self._database.reading(work)

    async def save_channel(self, swap: Swap, channel: str) -> None:
        """Record the shared conversation."""
        await self._update(swap, channel=channel)

    async def claim_post(self, swap: Swap, at: datetime) -> bool:
        """Record that the first attempt to post begins. Return True for the first call only."""
        first = ContactAnswerRow.posting_at.is_(None)
        return await self._update(swap, first, posting_at=at) > 0

    async def release_post(self, swap: Swap) -> None:
        """Record that the attempt has certainly had no effect."""
        await self._update(swap, posting_at=None)

    async def settle(self, swap: Swap, outcome: str, at: datetime) -> None:
        """Record how the swap ended."""
        await self._update(swap, settled_at=at, outcome=outcome)

    async def _update(self, swap: Swap, *where: ColumnElement[bool], **values: Any) -> int:
        """Update an agreed swap in the rows of both people, or of those who are left."""
        one, other = swap.people
        pair = or_(_about(one, other), _about(other, one))
        agreed = ContactAnswerRow.agreed_at.is_not(None)
        return await self._database.execute(
            update(ContactAnswerRow).where(pair, agreed, *where).values(values)
        )

    async def list_pending(self, team: TeamId) -> list[PendingMatch]:
        """Return the swaps that have not been settled, by their first person."""
        answer = ContactAnswerRow
        pending = select(answer.team_id, answer.user_id, answer.match_id).where(
            answer.team_id == team,
            answer.agreed_at.is_not(None),
            answer.settled_at.is_(None),
            answer.user_id < answer.partner_user_id,
        )
        rows = await self._database.fetch_all(pending.order_by(answer.agreed_at))
        return [(person_of(row), MatchId(row.match_id)) for row in rows]


class Reports:
    """Implements `ReportStore` in SQL, with encrypted words."""

    def __init__(self, database: Database, cipher: Cipher) -> None:
        self._database = database
        self._cipher = cipher

    async def add(self, report: Report) -> None:
        """Add a report, together with the words of an earlier one that not all admins have."""
        match = report.match
        place: Any = {"person": match.person, "purpose": REPORT, "row": match.id}
        # Another report of the person waits here.
        mine = select(IdentityRow.user_id).where(of(IdentityRow, match.person))
        earlier = select_columns(ReportRow).where(_report(match.person, match.id))

        def work(connection: Connection) -> None:
            connection.execute(mine.with_for_update(key_share=True))
            row = connection.execute(earlier).first()
            before = self._reason(row) if row is not None else ""
            reason = (
                report.reason if before in {"", report.reason} else f"{before}\n\n{report.reason}"
            )
            values = {
                "team_id": match.person.team,
                "user_id": match.person.user,
                "match_id": match.id,
                "person_epoch": match.person_epoch,
                "reason_sealed": self._cipher.encrypt(reason, **place),
                "reported_at": report.reported_at,
                "settled_at": None,
            }
            saved = self._database.insert(ReportRow).values(values)
            place_of_it = ["team_id", "user_id", "match_id"]
            connection.execute(saved.on_conflict_do_update(index_elements=place_of_it, set_=values))

        await self._database.transaction(work)

    async def get(self, person: Person, match_id: MatchId) -> Report | None:
        """Return the report of a match. Its words are empty once all admins have it."""
        wanted = select_columns(ReportRow).where(_report(person, match_id))
        its_match = select_columns(MatchRow).where(of(MatchRow, person), MatchRow.id == match_id)

        def work(connection: Connection) -> Report | None:
            row, match = connection.execute(wanted).first(), connection.execute(its_match).first()
            if row is None or match is None:
                return None
            return Report(
                match=match_of(match),
                reason=self._reason(row),
                reported_at=row.reported_at,
                settled_at=row.settled_at,
            )

        return await self._database.reading(work)

    def _reason(self, row: Any) -> str:
        if row.reason_sealed is None:
            return ""
        place: Any = {"person": person_of(row), "purpose": REPORT, "row": row.match_id}
        try:
            return self._cipher.decrypt(row.reason_sealed, **place).decode()
        except DecryptionFailed:
            return ""  # that somebody was reported is what matters

    async def settle(self, report: Report, at: datetime) -> None:
        """Record that all admins have the report, and delete its words, unless it was added to."""
        settled = update(ReportRow).where(
            _report(report.match.person, report.match.id),
            ReportRow.reported_at == report.reported_at,
        )
        await self._database.execute(settled.values(settled_at=at, reason_sealed=None))

    async def list_pending(self, team: TeamId) -> list[PendingMatch]:
        """Return the reports that not all admins have."""
        pending = select(ReportRow.team_id, ReportRow.user_id, ReportRow.match_id).where(
            ReportRow.team_id == team, ReportRow.settled_at.is_(None)
        )
        rows = await self._database.fetch_all(pending.order_by(ReportRow.reported_at))
        return [(person_of(row), MatchId(row.match_id)) for row in rows]


def _about(person: Person, partner: Person) -> ColumnElement[bool]:
    """Match the person's answer about a partner."""
    partner_is = ContactAnswerRow.partner_user_id == partner.user
    return and_(of(ContactAnswerRow, person), partner_is)


def _report(person: Person, match_id: MatchId) -> ColumnElement[bool]:
    return and_(of(ReportRow, person), ReportRow.match_id == match_id)


def _swap(row: Any, match: Match, person_as_met: Partner | None) -> Swap:
    partner = Person(TeamId(row.team_id), UserId(row.partner_user_id))
    return Swap(
        match=match,
        person_as_met=person_as_met,
        partner=Known(partner, Epoch(row.partner_epoch)),
        agreed_at=row.agreed_at,
        channel=row.channel,
        posting_at=row.posting_at,
        settled_at=row.settled_at,
    )


def _other_sides(match: Match) -> Iterator[Select[str, str, str]]:
    """Build queries of the people for whom the match may be the other side, the surest first."""
    person, other = match.person, aliased(MatchRow)
    linked = (
        exists().where(
            table.team_id == other.team_id,
            table.user_id == other.user_id,
            table.event == match.event,
        )
        for table in (LinkRow, OtherLinkRow)
    )
    sides = select(other.team_id, other.user_id, other.person_epoch).distinct()
    sides = sides.where(
        other.team_id == person.team,
        other.user_id != person.user,
        other.event == match.event,
        other.session_id == match.session_id,
        # Somebody who has connected the same account has met the same partner.
        other.partner_key != match.partner_key,
        or_(*linked),
    )
    if match.meeting_digest is not None:
        same = other.meeting_digest == match.meeting_digest
        yield sides.where(same, *_may_face(match, other))
    if match.account.isdecimal() and match.partner.account_id is not None:
        accounts = (
            select(table.user_id).where(
                table.team_id == person.team,
                table.event == match.event,
                table.account_id == match.partner.account_id,
            )
            for table in (LinkRow, OtherLinkRow)
        )
        yield sides.where(
            other.user_id.in_(union(*accounts)),
            other.account == str(match.partner.account_id),
            other.partner_account_id == int(match.account),
        )


def _may_face(match: Match, other: Any) -> Iterator[ColumnElement[bool]]:
    """Build what tells the partner from others in the same meeting, who may be more than one."""
    if match.account.isdecimal():
        met = other.partner_account_id
        yield or_(met.is_(None), met == int(match.account))
    third, known = aliased(MatchRow), match.partner.account_id
    # Each of the two has met nobody else there, so that it needs no account to know them apart.
    alone = ~exists().where(
        third.team_id == match.person.team,
        third.meeting_digest == match.meeting_digest,
        or_(
            and_(third.user_id == match.person.user, third.partner_key != match.partner_key),
            and_(third.user_id == other.user_id, third.partner_key != other.partner_key),
        ),
    )
    if known is None:
        yield alone
    else:
        yield or_(other.account == str(known), and_(other.account == "", alone))
