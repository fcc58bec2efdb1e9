"""Rounds as both of their people see them: who is in one, and who hears of the other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from slackbot.domain.matching import is_round_over, round_of
from slackbot.domain.model import Match, Source, State
from slackbot.domain.notices import PartnerLeft, kind_of, notice_key
from slackbot.domain.ports import Delivery
from slackbot.domain.stores import Store


def latest_of(known: Iterable[Match]) -> Match | None:
    """Return the latest of the matches, newest first, that the person had with the bot."""
    return next((match for match in known if match.source is not Source.BEFORE), None)


async def is_in_round(store: Store, match: Match, now: datetime) -> bool:
    """Return whether the person of this match is in its round, and in no later one."""
    current = await store.availabilities.get(match.person)
    if current is None or current.state is not State.IN_MEETING or match.declined_at is not None:
        return False
    return await _is_latest(store, match) and not is_round_over(match, now)


async def counterpart_of(store: Store, match: Match) -> Match | None:
    """Return the pairing as the partner sees it, or None if they are not connected here."""
    known = await store.contacts.partner_of(match)
    return await store.counterparts.find(match, known.person) if known is not None else None


async def may_wait(store: Store, match: Match) -> bool:
    """Return whether the person of this match may wait for their partner.

    They do not if they can't make it, are at another event by now, or have gone on. Somebody who
    takes a pause after this round may still wait.
    """
    link = await store.links.get(match.person)
    if link is None or link.event != match.event or match.declined_at is not None:
        return False
    current = await store.availabilities.get(match.person)
    has_gone_on = current is not None and current.state is State.AVAILABLE
    return not has_gone_on and await _is_latest(store, match)


async def tell_partner(
    delivery: Delivery, match: Match, theirs: Match, *, is_back: bool = False
) -> None:
    """Submit the notice that the person of a match can't make it, or can after all.

    It does not contain their name, which is read when it is sent. Saying so twice sends one.
    """
    remark = PartnerLeft(
        name="",
        title=theirs.session_title,
        session=str(theirs.session_id),
        round=round_of(theirs.id),
        ends=theirs.ends_at.isoformat() if theirs.ends_at is not None else "",
        is_back=str(is_back),
        match=theirs.id,
    )
    key = notice_key(kind_of(remark), theirs.person_epoch, theirs.id, match.declines)
    await delivery.remark(theirs.person, key, remark)


async def _is_latest(store: Store, match: Match) -> bool:
    latest = latest_of(await store.matches.list_for(match.person, None))
    if latest is None or latest.id == match.id:
        return latest is not None
    # In a meeting of three, both matches are of the same round.
    return match.meeting_digest is not None and latest.meeting_digest == match.meeting_digest
