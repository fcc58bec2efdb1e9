"""Linking: connect an account, speak for it, lose it, take it back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import structlog

from slackbot.aio.tasks import BackgroundTasks, KeyedLocks
from slackbot.domain.credentials import AccessToken, MagicLink, read_credential, read_event
from slackbot.domain.errors import NotLinked, PlatformError, TokenRefused, Unavailable
from slackbot.domain.matching import digest, notice_key
from slackbot.domain.model import (
    AttendeeStatus,
    AuthScheme,
    Availability,
    EventSlug,
    Link,
    Person,
    State,
    TeamId,
)
from slackbot.domain.notices import LinkRefused
from slackbot.domain.ports import Clock, Delivery, MatchFeed, Platform, Store

log = structlog.get_logger(__name__)


class Accounts:
    """Who speaks to Accelevents for whom."""

    def __init__(
        self,
        *,
        platform: Platform,
        store: Store,
        feed: MatchFeed,
        delivery: Delivery,
        clock: Clock,
        background: BackgroundTasks,
        locks: KeyedLocks[Person],
    ) -> None:
        self._platform = platform
        self._store = store
        self._feed = feed
        self._delivery = delivery
        self._clock = clock
        self._background = background
        self._locks = locks
        self._connecting: dict[tuple[Person, str], asyncio.Task[Link]] = {}
        self._given_up: set[tuple[Person, str]] = set()
        """Which of those were disconnected before they were done."""

    async def link(self, person: Person) -> Link:
        """The person's link.

        Raises:
            NotLinked: there is none.
            TokenRefused: Accelevents has refused its token before.
        """
        link = await self._store.links.get(person)
        if link is None:
            raise NotLinked
        if link.refused_at is not None:
            raise TokenRefused(status=401)
        return link

    async def event_of(self, person: Person) -> EventSlug | None:
        """The event that the person is linked to, even when the token is no longer taken."""
        link = await self._store.links.get(person)
        return link.event if link is not None else None

    async def wish(self, person: Person) -> Availability | None:
        """The person's wish to be matched, where one stands."""
        return await self._store.availabilities.get(person)

    @asynccontextmanager
    async def authorized_link(self, person: Person) -> AsyncIterator[Link]:
        """The link to make calls with. A refused token is noted, and the feed stopped."""
        link = await self.link(person)
        try:
            yield link
        except TokenRefused:
            await self._refused(link)
            raise

    @asynccontextmanager
    async def background_link(self, link: Link) -> AsyncIterator[None]:
        """The same when nobody waits for an answer: the person is told of a refusal, once."""
        try:
            yield
        except TokenRefused:
            await self._refused(link, tell=True)
            raise

    async def _refused(self, link: Link, *, tell: bool = False) -> None:
        # Another process may have connected them anew: that link must not be taken for this one.
        current = await self._store.links.get(link.person, fresh=True)
        if current is None or current.credential_digest != link.credential_digest:
            return  # they have disconnected or connected anew meanwhile
        if tell and current.refused_at is None:
            # Before it is noted: what happens in between must not leave the person untold.
            key = notice_key("link_refused", link.person, link.credential_digest, link.linked_at)
            await self._delivery.remark(link.person, key, LinkRefused())
        if await self._store.links.mark_refused(link.person, self._clock.now()):
            log.info("link_refused", team=link.person.team, user=link.person.user)
        await self._feed.close(link.person)

    async def connect(self, person: Person, event_text: str, credential_text: str) -> Link:
        """Link the person to the event, checking the credential at once.

        A magic link works once, so the same submission made again, while the first is still
        under way or after it succeeded, finds the first one's result.

        Raises:
            BadEventLink, BadCredential: what was typed cannot be used.
            NotLinked: they disconnected meanwhile.
            PlatformError: Accelevents refused it or did not answer.
        """
        event, credential = read_event(event_text), read_credential(credential_text)
        mark = digest(f"{event}\x1f{credential_text.strip()}")
        link = await self._store.links.get(person)
        if link is not None and link.credential_digest == mark and link.refused_at is None:
            return link
        running = self._connecting.get((person, mark))
        if running is None:
            work = self._connect(person, event, credential, mark)
            running = self._background.start(work, "connect")
            self._connecting[person, mark] = running
            running.add_done_callback(lambda _: self._connected(person, mark))
        return await asyncio.shield(running)

    def _connected(self, person: Person, mark: str) -> None:
        self._connecting.pop((person, mark), None)
        self._given_up.discard((person, mark))

    async def _connect(
        self, person: Person, event: EventSlug, credential: AccessToken | MagicLink, mark: str
    ) -> Link:
        account_id = expires_at = None
        if isinstance(credential, MagicLink):
            grant = await self._platform.redeem(event, credential.user_key)
            token, account_id, expires_at = grant.token, grant.account_id, grant.expires_at
        else:
            token = credential.token
        try:
            scheme = await self._platform.check(event, token)
        except Unavailable:
            if isinstance(credential, AccessToken):
                raise
            scheme = AuthScheme.BARE  # the magic link is used up: its token must not be lost
        link = Link(
            person=person,
            event=event,
            token=token,
            auth_scheme=scheme,
            linked_at=self._clock.now(),
            credential_digest=mark,
            account_id=account_id,
            expires_at=expires_at,
        )
        await self._save(link)
        log.info("linked", team=person.team, user=person.user, accelevents_event=event)
        return link

    async def _save(self, link: Link) -> None:
        """Keep the link. The feed of the old one stops; a wish that still stands gets a new feed.

        A wish that the new link does not speak for ends, so the old one leaves its session.
        """
        async with self._locks.of(link.person):
            if (link.person, link.credential_digest) in self._given_up:
                raise NotLinked
            before = await self._store.links.get(link.person)
            wish = await self._store.availabilities.get(link.person)
            await self._store.links.save(link)
            await self._feed.close(link.person)
            still = await self._store.availabilities.get(link.person)
            if still is not None:
                self._feed.open(link, still.session_id)
        if before is not None and wish is not None and still is None:
            self._background.start(self.leave(before, wish), "leave")

    async def disconnect(self, person: Person, *, until: datetime | None = None) -> bool:
        """Leave the session, stop the feed, delete everything kept; whether there was a link.

        A connect that is under way is given up. A link made after `until` stays as it is.
        """
        async with self._locks.of(person):
            link = await self._store.links.get(person)
            if until is not None and link is not None and link.linked_at > until:
                return False
            self._given_up |= {key for key in self._connecting if key[0] == person}
            availability = await self._store.availabilities.get(person)
            await self._feed.close(person)
            was_linked = await self._store.people.forget(person)
        if link is not None and availability is not None:
            self._background.start(self.leave(link, availability), "leave")
        if was_linked:
            log.info("unlinked", team=person.team, user=person.user)
        return was_linked

    async def leave(self, link: Link, availability: Availability) -> bool:
        """Tell the platform to stop looking; whether it confirmed.

        Not during a meeting: nobody is looking then, and leaving might end the call.
        """
        if availability.state is State.IN_MEETING:
            return True
        try:
            await self._platform.set_status(link, availability.session_id, AttendeeStatus.LEFT)
        except PlatformError as error:
            log.info("leave_unconfirmed", reason=error.code)
            return False
        return True

    async def forget_workspace(self, team: TeamId) -> None:
        """The app was removed from a workspace: stop its feeds and delete everything kept."""
        for availability in await self._store.availabilities.list_all(team):
            await self._feed.close(availability.person)
        await self._store.people.forget_workspace(team)
        log.info("workspace_forgotten", team=team)
