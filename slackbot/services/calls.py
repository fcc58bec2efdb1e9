"""Create and revoke links to matches' calls, and let people enter the calls."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from slackbot.aio.tasks import every
from slackbot.domain.calls import (
    CallLink,
    EntryRefused,
    RefusalReason,
    Visit,
    closes_at,
    is_offered,
    refusal_reason,
)
from slackbot.domain.errors import NotLinked
from slackbot.domain.media_hosts import MediaHosts
from slackbot.domain.model import Call, Match, MatchId, Person, TeamId
from slackbot.domain.ports import Clock
from slackbot.domain.stores import Store, StoreUnavailable
from slackbot.domain.text import digest
from slackbot.services.call_tokens import LinkSigner
from slackbot.telemetry import CALLS

log = structlog.get_logger(__name__)

CLEANUP_SECONDS = 60.0
_COOKIE_BYTES = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The response to a browser that may enter a call."""

    match: Match
    call: Call = field(repr=False)
    browser: str = field(repr=False)  # a secret that identifies the browser
    open_for: timedelta  # the time left to enter the call
    ends_in: timedelta | None  # the time left in the round, if known


@dataclass(eq=False, repr=False, kw_only=True)
class Calls:
    """The calls of all matches. Links and cookies are stored only as digests."""

    store: Store
    clock: Clock
    signer: LinkSigner
    hosts: MediaHosts
    page: str | None  # the base URL of links; None if no calls are offered

    # --- links -----------------------------------------------------------------------------------

    async def offer(self, match: Match) -> str | None:
        """Create a link to the match's call for its person (`ports.CallOffer`)."""
        if not self._can_be_offered(match):
            return None
        try:
            return await self._link(match, replacing=False)
        except (StoreUnavailable, NotLinked) as error:
            reason = error.code if isinstance(error, NotLinked) else "store_unavailable"
            log.warning("call_not_offered", reason=reason, match=match.id)
            return None

    async def renew(self, person: Person, match_id: MatchId) -> tuple[Match | None, str | None]:
        """Replace all of the person's links to the call.

        Returns:
            The match and the new link. Each is None if there is none.

        Raises:
            StoreUnavailable: The earlier links may or may not have been revoked.
        """
        match = await self.store.matches.get(person, match_id)
        if match is None or not self._can_be_offered(match):
            return match, None
        CALLS.labels(outcome="renewed").inc()
        try:
            return match, await self._link(match, replacing=True)
        except NotLinked:  # deleted meanwhile
            return None, None

    def _can_be_offered(self, match: Match) -> bool:
        if self.page is None or match.call is None or not is_offered(match, self.clock.now()):
            return False
        if self.hosts.cleaned(match.call) is None:
            CALLS.labels(outcome="untrusted").inc()
            log.warning("call_not_offered", reason="media_host", match=match.id)
            return False
        return True

    async def _link(self, match: Match, *, replacing: bool) -> str:
        link_id = self.signer.new_id()
        link = CallLink(
            person=match.person,
            match_id=match.id,
            id_digest=digest(link_id),
            made_at=self.clock.now(),
            expires_at=closes_at(match),
        )
        if replacing:
            await self.store.call_links.replace(link)
        else:
            await self.store.call_links.add(link)
        CALLS.labels(outcome="offered").inc()
        return f"{self.page}/{self.signer.sign(match.person.team, link_id)}"

    # --- entering --------------------------------------------------------------------------------

    async def enter(self, signed: str, browser: str | None) -> Entry:
        """Let a browser enter the call. A link works only in the first browser that opens it.

        `browser` is the `Entry.browser` that this browser received before, if any.

        Raises:
            EntryRefused: The link is not valid, or bound to another browser.
            StoreUnavailable: The link cannot be checked now. The caller may retry.
        """
        link, match, call = await self._find(signed)
        now = self.clock.now()
        if browser is None or digest(browser) != link.browser_digest:
            browser = await self._bind(link)
        CALLS.labels(outcome="entered").inc()
        log.info("call_entered", match=match.id)
        return Entry(
            match=match,
            call=call,
            browser=browser,
            open_for=closes_at(match) - now,
            ends_in=max(match.ends_at - now, timedelta(0)) if match.ends_at is not None else None,
        )

    async def visit(self, signed: str, browser: str | None, visit: Visit) -> None:
        """Record a visit by the browser that the link is bound to.

        Raises:
            EntryRefused: The link is not valid, or bound to another browser.
            StoreUnavailable: The link cannot be checked now. The caller may retry.
        """
        link, _, _ = await self._find(signed)
        if browser is None or digest(browser) != link.browser_digest:
            raise self._refused(RefusalReason.ELSEWHERE)
        CALLS.labels(outcome=visit.value).inc()
        await self.store.call_links.record_visit(
            link.person.team, link.id_digest, visit, self.clock.now()
        )

    async def _find(self, signed: str) -> tuple[CallLink, Match, Call]:
        try:
            team, link_id = self.signer.read(signed)
        except EntryRefused as error:
            raise self._refused(error.reason) from None
        link = await self.store.call_links.get(team, digest(link_id))
        match = await self.store.matches.get(link.person, link.match_id) if link else None
        call = self.hosts.cleaned(match.call) if match and match.call else None
        reason = refusal_reason(link, match, self.clock.now())
        if reason is not None or link is None or match is None or call is None:
            raise self._refused(reason or RefusalReason.OVER)
        return link, match, call

    async def _bind(self, link: CallLink) -> str:
        """Bind the link to the requesting browser, and return a secret that identifies it."""
        team, browser = link.person.team, secrets.token_urlsafe(_COOKIE_BYTES)
        if link.browser_digest is None:
            ours, now = digest(browser), self.clock.now()
            if await self.store.call_links.bind(team, link.id_digest, ours, now):
                return browser
            # Another browser was first, the link was revoked, or the store's response was lost.
            current = await self.store.call_links.get(team, link.id_digest)
            if current is not None and current.browser_digest == ours:
                return browser
            if current is None or current.revoked_at is not None:
                raise self._refused(RefusalReason.REPLACED)
        raise self._refused(RefusalReason.ELSEWHERE)

    @staticmethod
    def _refused(reason: RefusalReason) -> EntryRefused:
        CALLS.labels(outcome=reason.value).inc()
        return EntryRefused(reason)

    # --- bookkeeping -----------------------------------------------------------------------------

    async def opened(self, person: Person, match_id: MatchId) -> None:
        """Record that the person pressed the link's button in Slack."""
        CALLS.labels(outcome="opened").inc()
        await self.store.call_links.mark_opened(person, match_id, self.clock.now())

    async def run_cleanup(self, team: TeamId) -> None:
        """Delete the details of closed calls, now and every minute, until cancelled."""

        async def cleanup() -> None:
            if ended := await self.store.call_links.end_calls(team, self.clock.now()):
                log.info("calls_ended", count=ended)

        await every(
            CLEANUP_SECONDS,
            cleanup,
            name="call_cleanup",
            expected=(StoreUnavailable,),
            sleep=self.clock.sleep,
        )
