"""Connect, use and disconnect Accelevents accounts, and record refused tokens."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import structlog

from slackbot.aio.backoff import ExponentialBackoff
from slackbot.aio.tasks import BackgroundTasks, KeyedLocks, SingleFlight
from slackbot.domain.credentials import (
    AccessToken,
    MagicLink,
    event_spellings,
    read_credential,
)
from slackbot.domain.errors import EventNotFound, NotLinked, TokenRefused, Unavailable
from slackbot.domain.model import (
    AuthScheme,
    Availability,
    Epoch,
    EventSlug,
    Grant,
    Link,
    Person,
    TeamId,
)
from slackbot.domain.notices import LinkRefused, notice_key
from slackbot.domain.ports import Clock, Delivery, MatchFeed, Platform, Store
from slackbot.services.leaving import Leaving

log = structlog.get_logger(__name__)

T = TypeVar("T")

EPOCH_BYTES = 8
FORGET_BACKOFF = ExponentialBackoff(1.0, 60.0)  # seconds between attempts to delete notices
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
    clock: Clock
    background: BackgroundTasks
    # Returns whether Slack still accepts the app's token in this workspace. It does not cache.
    is_installed: Callable[[TeamId], Awaitable[bool]]
    digest: Callable[[str], str]  # of a credential

    def __post_init__(self) -> None:
        self.locks = KeyedLocks[Person]()
        self._connects = SingleFlight[tuple[Person, str], Link](self.background, "connect")

    async def link(self, person: Person) -> Link:
        """Return the person's link.

        Raises:
            NotLinked: The person has no link.
            TokenRefused: Accelevents has already refused its token.
        """
        link = await self.store.links.get(person)
        if link is None:
            raise NotLinked
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
    async def authorized_link(self, person: Person) -> AsyncIterator[Link]:
        """Yield the person's link for calls to the platform.

        If the platform refuses the token, this is recorded and the feed is closed.
        """
        link = await self.link(person)
        try:
            yield link
        except TokenRefused:
            await self._refused(link)
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
            # Submit before recording the refusal, so that a crash cannot lose the notice.
            occasion = (link.credential_digest, link.linked_at)
            key = notice_key("link_refused", link.person_epoch, *occasion)
            await self.delivery.remark(link.person, key, LinkRefused())
        if await self.store.links.mark_refused(link, self.clock.now()):
            log.info("link_refused", team=link.person.team, user=link.person.user)
        await self.feed.close(link.person)

    async def connect(self, person: Person, event_text: str, credential_text: str) -> Link:
        """Link the person to the event, after checking the credential.

        A magic link works only once. Submitting it again returns the first submission's link,
        whether that submission is still running or has succeeded.

        Raises:
            BadEventLink, BadCredential: The input cannot be used.
            NotLinked: The person disconnected meanwhile.
            PlatformError: Accelevents refused the credential or did not respond.
        """
        events, credential = event_spellings(event_text), read_credential(credential_text)
        key = (person, self.digest(f"{events[0]}\x1f{credential.secret}"))
        # Earlier versions computed the digest of the pasted text.
        pasted = credential_text.strip()
        digests = {key[1], *(self.digest(f"{event}\x1f{pasted}") for event in events)}
        link = await self.store.links.get(person)
        if link is not None and link.credential_digest in digests and link.refused_at is None:
            return link
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
        link = Link(
            person=person,
            person_epoch=epoch,
            event=event,
            token=grant.token,
            auth_scheme=scheme,
            linked_at=begun,
            credential_digest=credential_digest,
            account_id=grant.account_id,
            expires_at=grant.expires_at,
        )
        await self._save(link)
        log.info("linked", team=person.team, user=person.user, accelevents_event=event)
        return link

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
            sessions = await self.leaving.sessions_of(old_link) if old_link is not None else []
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
        async with self.locks.of(person):
            link = await self.store.links.get(person, fresh=True)
            sessions = await self.leaving.sessions_of(link) if link is not None else []
            forgotten = await self.store.people.forget(person, until)
            if forgotten is None:
                return False
            await self.feed.close(person)
        if link is not None:
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
