"""Who may enter which call, until when: links are made, entered once, and taken back."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from slackbot.domain.calls import (
    CallLink,
    EntryRefused,
    RefusalReason,
    Visit,
    closes_at,
    is_offered,
    why_not,
)
from slackbot.domain.matching import digest
from slackbot.domain.media_hosts import MediaHosts
from slackbot.domain.model import Call, Match, MatchId, Person, TeamId
from slackbot.domain.ports import Clock, Store, StoreUnavailable
from slackbot.services.call_tokens import LinkSigner
from slackbot.telemetry import CALLS

log = structlog.get_logger(__name__)

SWEEP_SECONDS = 60.0
_COOKIE_BYTES = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the browser that may enter a call is given."""

    match: Match
    call: Call = field(repr=False)
    browser: str = field(repr=False)
    """By which the browser is known again."""
    open_for: timedelta
    """How long the call may still be entered."""
    ends_in: timedelta | None
    """How long the round still lasts, where that is known."""


@dataclass(frozen=True, slots=True)
class _Found:
    link: CallLink
    match: Match
    call: Call = field(repr=False)


class Calls:
    """The calls of all matches. Links, ids and cookies are known to their holders alone."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        signer: LinkSigner,
        hosts: MediaHosts,
        page: str | None,
    ) -> None:
        """`page` is the address below which links lead, or None: no calls are offered then."""
        self._store = store
        self._clock = clock
        self._signer = signer
        self._hosts = hosts
        self._page = page

    # --- links -----------------------------------------------------------------------------------

    async def offer(self, match: Match) -> str | None:
        """Implements `ports.CallOffer`: a link to the match's call, for its person alone."""
        if not self._can_be_offered(match):
            return None
        try:
            return await self._link(match, replacing=False)
        except StoreUnavailable:
            log.warning("call_not_offered", reason="store_unavailable", match=match.id)
            return None

    async def renew(self, person: Person, match_id: MatchId) -> tuple[Match | None, str | None]:
        """A new link in the place of all earlier ones, and its match; each None if there is none.

        Raises:
            StoreUnavailable: the earlier ones may work or not.
        """
        match = await self._store.matches.get(person, match_id)
        if match is None or not self._can_be_offered(match):
            return match, None
        CALLS.labels(outcome="renewed").inc()
        return match, await self._link(match, replacing=True)

    def _can_be_offered(self, match: Match) -> bool:
        if self._page is None or match.call is None or not is_offered(match, self._clock.now()):
            return False
        if self._hosts.cleaned(match.call) is None:
            CALLS.labels(outcome="untrusted").inc()
            log.warning("call_not_offered", reason="media_host", match=match.id)
            return False
        return True

    async def _link(self, match: Match, *, replacing: bool) -> str:
        link_id = self._signer.new_id()
        link = CallLink(
            person=match.person,
            match_id=match.id,
            id_digest=digest(link_id),
            made_at=self._clock.now(),
            expires_at=closes_at(match),
        )
        if replacing:
            await self._store.call_links.replace(link)
        else:
            await self._store.call_links.add(link)
        CALLS.labels(outcome="offered").inc()
        return f"{self._page}/{self._signer.sign(match.person.team, link_id)}"

    # --- entering --------------------------------------------------------------------------------

    async def enter(self, signed: str, browser: str | None) -> Entry:
        """The pass to a call. The first browser to ask gets it, and no other after it.

        `browser` is what an `Entry` gave the asking browser before, if anything.

        Raises:
            EntryRefused: not by this link, or not in this browser.
            StoreUnavailable: ask again.
        """
        found = await self._find(signed)
        now = self._clock.now()
        if browser is None or digest(browser) != found.link.browser_digest:
            browser = await self._bound(found.link)
        CALLS.labels(outcome="entered").inc()
        log.info("call_entered", match=found.match.id)
        ends_at = found.match.ends_at
        return Entry(
            match=found.match,
            call=found.call,
            browser=browser,
            open_for=closes_at(found.match) - now,
            ends_in=max(ends_at - now, timedelta(0)) if ends_at is not None else None,
        )

    async def visit(self, signed: str, browser: str | None, visit: Visit) -> None:
        """Note that the call was joined or left, in the browser that has its pass.

        Raises:
            EntryRefused, StoreUnavailable: as for `enter`.
        """
        link = (await self._find(signed)).link
        if browser is None or digest(browser) != link.browser_digest:
            raise self._refused(RefusalReason.ELSEWHERE)
        CALLS.labels(outcome=visit.value).inc()
        await self._store.call_links.record_visit(
            link.person.team, link.id_digest, visit, self._clock.now()
        )

    async def _find(self, signed: str) -> _Found:
        try:
            team, link_id = self._signer.read(signed)
        except EntryRefused as error:
            raise self._refused(error.why) from None
        link = await self._store.call_links.get(team, digest(link_id))
        match = (
            await self._store.matches.get(link.person, link.match_id) if link is not None else None
        )
        why = why_not(link, match, self._clock.now())
        if why is not None or link is None or match is None or match.call is None:
            raise self._refused(why or RefusalReason.OVER)
        call = self._hosts.cleaned(match.call)
        if call is None:
            raise self._refused(RefusalReason.OVER)
        return _Found(link, match, call)

    async def _bound(self, link: CallLink) -> str:
        """What the asking browser is known by from now on."""
        team, browser = link.person.team, secrets.token_urlsafe(_COOKIE_BYTES)
        if link.browser_digest is None:
            ours, now = digest(browser), self._clock.now()
            if await self._store.call_links.bind(team, link.id_digest, ours, now):
                return browser
            # Another was first, or the link was taken back; or we were, and did not hear of it.
            current = await self._store.call_links.get(team, link.id_digest)
            if current is not None and current.browser_digest == ours:
                return browser
            if current is None or current.revoked_at is not None:
                raise self._refused(RefusalReason.REPLACED)
        raise self._refused(RefusalReason.ELSEWHERE)

    @staticmethod
    def _refused(why: RefusalReason) -> EntryRefused:
        CALLS.labels(outcome=why.value).inc()
        return EntryRefused(why)

    # --- what becomes of it ----------------------------------------------------------------------

    async def opened(self, person: Person, match_id: MatchId) -> None:
        """Note that the person pressed the button with the link."""
        CALLS.labels(outcome="opened").inc()
        await self._store.call_links.mark_opened(person, match_id, self._clock.now())

    async def keep_tidy(self, team: TeamId) -> None:
        """Delete the details of closed calls at once and every minute, until cancelled.

        It asks nobody whether the end of a round was told, so that nothing hangs on that.
        """
        while True:
            try:
                if ended := await self._store.call_links.end_calls(team, self._clock.now()):
                    log.info("calls_ended", count=ended)
            except StoreUnavailable:
                log.warning("calls_not_ended", reason="store_unavailable")
            except Exception:
                log.exception("calls_not_ended")
            await self._clock.sleep(SWEEP_SECONDS)
