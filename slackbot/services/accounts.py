"""Connect, use and disconnect Accelevents accounts, and record refused tokens."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from slackbot.aio.backoff import ExponentialBackoff
from slackbot.aio.deadline import Deadline
from slackbot.aio.tasks import BackgroundTasks, SingleFlight
from slackbot.domain.credentials import (
    AccessToken,
    MagicLink,
    event_spellings,
    read_credential,
)
from slackbot.domain.errors import EventNotFound, NotAMember, NotLinked, TokenRefused, Unavailable
from slackbot.domain.model import (
    AuthScheme,
    Availability,
    Epoch,
    EventSlug,
    Grant,
    Link,
    Person,
    State,
    TeamId,
)
from slackbot.domain.notices import LinkRefused, refusal_key
from slackbot.domain.ports import Clock, Delivery, MatchFeed, Platform
from slackbot.domain.stores import Store, StoreUnavailable
from slackbot.domain.token_expiry import read_expiry
from slackbot.services.leaving import Leaving
from slackbot.services.matches import Matches
from slackbot.services.person_locks import PersonLocks

log = structlog.get_logger(__name__)

T = TypeVar("T")

EPOCH_BYTES = 8
FORGET_BACKOFF = ExponentialBackoff(1.0, 60.0)  # seconds between attempts to delete notices
# How long connecting may take. A magic link works only once, so it is not submitted again.
CONNECT_SECONDS = 60.0
# How old the recorded time of a link's last use may become.
USE_RECORDED = timedelta(days=1)
FORGET_SECONDS = 5.0  # how long a command waits for its notices to be deleted


@dataclass(eq=False, repr=False, kw_only=True)
class Accounts:
    """The links between Slack users and their Accelevents accounts.

    `locks` holds one lock per person, which is acquired to change their link or availability.
    """

    platform: Platform
    store: Store
    feed: MatchFeed
    delivery: Delivery
    leaving: Leaving
    matches: Matches
    clock: Clock
    background: BackgroundTasks
    # Returns whether Slack still accepts the app's token in this workspace. It does not cache.
    is_installed: Callable[[TeamId], Awaitable[bool]]
    digest: Callable[[str], str]  # of a credential
    # Returns whether the bot is for this person, as far as Slack says.
    may_use: Callable[[Person], Awaitable[bool]]

    def __post_init__(self) -> None:
        self.locks = PersonLocks(self.clock)
        self._connects = SingleFlight[tuple[Person, str], Link](self.background, "connect")

    async def link(self, person: Person, *, fresh: bool = False) -> Link:
        """Return the person's link. Bypass the cache if `fresh`.

        Raises:
            NotLinked: The person has no link.
            TokenRefused: Accelevents has already refused its token.
        """
        link, now = await self.store.links.get(person, fresh=fresh), self.clock.now()
        if link is None:
            raise NotLinked

        async def record(used: Link) -> None:
            with suppress(StoreUnavailable):
                await self.store.links.mark_used(used, now)

        if now - (link.used_at or link.linked_at) >= USE_RECORDED:
            self.background.start(record(link), "record_use")
        if link.refused_at is not None:
            raise TokenRefused(status=401)
        return link

    async def event_of(self, person: Person, *, fresh: bool = False) -> EventSlug | None:
        """Return the event that the person is linked to, or None. Bypass the cache if `fresh`.

        The event is returned even if the token was refused.
        """
        link = await self.store.links.get(person, fresh=fresh)
        return link.event if link is not None else None

    async def availability(self, person: Person) -> Availability | None:
        """Return the person's availability, or None if they are not available."""
        return await self.store.availabilities.get(person)

    @asynccontextmanager
    async def authorized_link(
        self, person: Person, *, unasked: bool = False
    ) -> AsyncIterator[Link]:
        """Yield the person's link for calls to the platform.

        If the platform refuses the token, this is recorded and the feed is closed. Somebody who is
        available and has asked for nothing, so that no answer says so, gets a notice.
        """
        link = await self.link(person)
        try:
            yield link
        except TokenRefused:
            notify = unasked and await self.availability(person) is not None
            await self._refused(link, notify=notify)
            raise

    @asynccontextmanager
    async def background_link(self, link: Link) -> AsyncIterator[None]:
        """Handle a refused token like `authorized_link`, and notify the person."""
        try:
            yield
        except TokenRefused:
            await self._refused(link, notify=True)
            raise

    async def _refused(self, link: Link, *, notify: bool = False) -> None:
        # Bypass the cache: another process may have replaced the link.
        current = await self.store.links.get(link.person, fresh=True)
        if current is None or current.credential_digest != link.credential_digest:
            return  # the person has disconnected or reconnected meanwhile
        if notify and current.refused_at is None:
            # Submit before recording the refusal, so that a crash cannot lose the notice. It also
            # records the refusal before it is sent, so that nobody reads it before.
            availability = await self.store.availabilities.get(link.person)
            title = ""
            if availability is not None and availability.state is State.AVAILABLE:
                title = availability.session_title
            remark = LinkRefused(current.event, title)
            await self.delivery.remark(link.person, refusal_key(current), remark)
        await self.store.links.mark_refused(link, self.clock.now())
        if current.refused_at is None:
            log.info("link_refused", team=link.person.team, user=link.person.user)
        await self.feed.close(link.person)

    async def connect(self, person: Person, event_text: str, credential_text: str) -> Link:
        """Link the person to the event, after checking the credential.

        A magic link works only once. Submitting it again returns the first submission's link,
        whether that submission is still running or has succeeded, if its token is still accepted.

        Raises:
            BadEventLink, BadCredential: The input cannot be used.
            NotLinked: The person disconnected meanwhile.
            NotAMember: The bot is not for this person.
            PlatformError: Accelevents refused the credential or did not respond.
        """
        if not await self.may_use(person):
            raise NotAMember
        events, credential = event_spellings(event_text), read_credential(credential_text)
        key = (person, self.digest(f"{events[0]}\x1f{credential.secret}"))
        # Earlier versions computed the digest of the pasted text.
        pasted = credential_text.strip()
        digests = {key[1], *(self.digest(f"{event}\x1f{pasted}") for event in events)}
        # Bypass the cache: another process may have recorded a refusal.
        link = await self.store.links.get(person, fresh=True)
        if link is not None and link.credential_digest in digests and link.refused_at is None:
            # A token may be refused by now, or a magic link's token may never have been checked.
            try:
                async with self.authorized_link(person) as link:
                    with Deadline(self.clock, CONNECT_SECONDS):
                        await self.platform.check(link.event, link.token)
                return link
            except TokenRefused:
                pass
            except Unavailable:
                if isinstance(credential, MagicLink):
                    return link  # it is used up, so there is nothing else to try
                raise
        connect = self._connects.start(key, lambda: self._connect(events, credential, *key))
        return await asyncio.shield(connect)

    async def _connect(
        self,
        events: Sequence[EventSlug],
        credential: AccessToken | MagicLink,
        person: Person,
        credential_digest: str,
    ) -> Link:
        # If any process deletes the person after this point, saving the link fails.
        begun, epoch = self.clock.now(), await self._enter(person)
        with Deadline(self.clock, CONNECT_SECONDS):
            event, grant, scheme = await self._authorize(events, credential)
        expires_at = read_expiry(grant.token.get_secret_value()) or grant.expires_at
        link = Link(
            person=person,
            person_epoch=epoch,
            event=event,
            token=grant.token,
            auth_scheme=scheme,
            linked_at=begun,
            credential_digest=credential_digest,
            account_id=grant.account_id,
            account_name=grant.account_name,
            # A time that has passed was read in the wrong time zone.
            expires_at=expires_at if expires_at is not None and expires_at > begun else None,
        )
        await self._save(link)
        log.info("linked", team=person.team, user=person.user, accelevents_event=event)
        return link

    async def _authorize(
        self, events: Sequence[EventSlug], credential: AccessToken | MagicLink
    ) -> tuple[EventSlug, Grant, AuthScheme]:
        """Return the event under the spelling that the platform knows, the token and its scheme."""
        if isinstance(credential, MagicLink):
            user_key = credential.user_key
            event, grant = await _known(events, lambda each: self.platform.redeem(each, user_key))
            events = [event, *(each for each in events if each != event)]
        else:
            event, grant = events[0], Grant(token=credential.token)
        try:
            event, scheme = await _known(
                events, lambda each: self.platform.check(each, grant.token)
            )
        except Unavailable:
            if isinstance(credential, AccessToken):
                raise
            scheme = AuthScheme.BARE  # the magic link is used up, so its token is kept unchecked
        return event, grant, scheme

    async def _enter(self, person: Person) -> Epoch:
        """Return the person's epoch. A new one begins if they are not connected."""
        new, now = Epoch(secrets.token_hex(EPOCH_BYTES)), self.clock.now()
        try:
            return await self.store.people.enter(person, new, now)
        except NotLinked:
            # The app was removed. If Slack accepts the token, it has been installed again.
            if not await self.is_installed(person.team):
                raise
            await self.store.people.enter_workspace(person.team, now)
            return await self.store.people.enter(person, new, now)

    async def _save(self, link: Link) -> None:
        """Store the link and reopen the feed with it.

        If the new link is for another event or account, the store ends the availability and the
        person leaves the session with the old link.

        Raises:
            NotLinked: The person disconnected meanwhile.
        """
        async with self.locks.of(link.person):
            old_link = await self.store.links.get(link.person)
            sessions = []
            if old_link is not None and old_link.event == link.event:
                sessions = await self.leaving.sessions_of(old_link)
            elif old_link is not None:
                await set_aside(self, old_link)
            await self.store.links.save(link)
            await self.feed.close(link.person)
            availability = await self.store.availabilities.get(link.person)
            if availability is not None:
                self.feed.open(link, availability.session_id)
        if old_link is not None and availability is None:
            self.leaving.leave_deleted(old_link, sessions)

    async def disconnect(self, person: Person, *, until: datetime | None = None) -> bool:
        """Leave the session, close the feed, and delete all of the person's data.

        A `connect` that is in progress fails. A link created after `until` is kept.

        Returns:
            True if a link was deleted.
        """
        async with self.locks.hold(person):
            links = await self.store.other_links.list_all(person)
            if (active := await self.store.links.get(person, fresh=True)) is not None:
                links.append(active)
            left = [(link, await self.leaving.sessions_of(link)) for link in links]
            forgotten = await self.store.people.forget(person, until)
            if forgotten is None:
                return False
            await self.feed.close(person)
        for link, sessions in left:
            self.leaving.leave_deleted(link, sessions)
        await self._forget_notices([forgotten.epoch])
        if forgotten.linked:
            log.info("unlinked", team=person.team, user=person.user)
        return forgotten.linked

    async def _forget_notices(self, epochs: Sequence[Epoch]) -> None:
        """Delete the notices of people whose rows were deleted, retrying until it succeeds.

        After `FORGET_SECONDS`, the deletion continues in the background.
        """

        async def forget() -> None:
            tries = 0
            while True:
                try:
                    for epoch in epochs:
                        await self.delivery.forget(epoch)
                    return
                except Exception:
                    log.exception("notices_not_forgotten", people=len(epochs))
                tries += 1
                await self.clock.sleep(FORGET_BACKOFF.delay(tries))

        task = self.background.start(forget(), "forget_notices")
        await asyncio.wait({task}, timeout=FORGET_SECONDS)

    async def forget_workspace(self, team: TeamId, *, until: datetime | None = None) -> None:
        """Close a workspace's feeds and delete all of its data, after the app was removed.

        People who connected after `until` are kept, because the app had been installed again.
        """
        available = await self.store.availabilities.list_all(team)
        departures = await self.store.departures.list_all(team)
        people = {a.person for a in available} | {d.person for d in departures}
        links = await self.store.links.get_many(list(people))
        epochs = await self.store.people.forget_workspace(team, until)
        gone = set(epochs)
        ended = [each for each in available if each.person_epoch in gone]
        for availability in ended:
            await self.feed.close(availability.person)
        left = [each for each in departures if each.person_epoch in gone]
        leaving = self.leaving.leave_all_deleted(links, ended, left)
        self.background.start(leaving, "leave_all")
        await self._forget_notices(epochs)
        log.info("workspace_forgotten", team=team, people=len(epochs))


async def set_aside(accounts: Accounts, link: Link) -> None:
    """Leave the person's session before another event becomes the active one.

    The link stays among the others, so a departure that is not confirmed is retried with it.
    """
    availability = await accounts.store.availabilities.get(link.person)
    if availability is not None:
        await accounts.leaving.leave_surely(link, availability)
        await send_last_matches(accounts, link)


async def send_last_matches(accounts: Accounts, link: Link) -> None:
    """Send listed matches that the feed missed, before the link stops being the active one.

    The caller must hold the person's lock. A list that cannot be read is given up.
    """
    availability = await accounts.store.availabilities.get(link.person)
    if availability is not None and link.refused_at is None:
        with suppress(TokenRefused):
            await accounts.matches.reconcile(link, availability)


async def _known(
    events: Sequence[EventSlug], ask: Callable[[EventSlug], Awaitable[T]]
) -> tuple[EventSlug, T]:
    """Return the first of the spellings of an event that the platform knows, and its answer.

    Raises:
        EventNotFound: The platform knows none of them.
    """
    for event in events[:-1]:
        with suppress(EventNotFound):
            return event, await ask(event)
    return events[-1], await ask(events[-1])
