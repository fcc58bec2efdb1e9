"""Client and feed against the sandbox platform, which was built from the same documents alone."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from feed_harness import ANA, SOON, Ear, MakeLink, OpenFeed
from pydantic import SecretStr

from slackbot.accelevents.client import AcceleventsClient, PlatformOptions
from slackbot.domain import errors
from slackbot.domain.matching import digest
from slackbot.domain.model import (
    AttendeeStatus,
    AuthScheme,
    EventSlug,
    Link,
    SessionId,
    SessionScope,
)
from slackbot.sandbox.accelevents import SHAPES, Accelevents
from slackbot.sandbox.serving import serving

SESSION = SessionId(11645)
EVENT = EventSlug("demo")


@pytest.fixture
async def world() -> AsyncIterator[tuple[Accelevents, str]]:
    world = Accelevents()
    async with serving(world.app) as url:
        yield world, url


def a_token(world: Accelevents) -> SecretStr:
    """A token of Ada."""
    return SecretStr(world.token_for("ada"))


async def linked(
    world: Accelevents, client: AcceleventsClient, a_link: MakeLink, who: str = "ada"
) -> Link:
    """A link by a magic link, checked, as a person makes one."""
    grant = await client.redeem(EVENT, world.user_key_for(who))
    scheme = await client.check(EVENT, grant.token)
    return a_link(token=grant.token, auth_scheme=scheme, account_id=grant.account_id)


@pytest.mark.parametrize("scheme", list(AuthScheme))
async def test_the_road_to_a_match(
    world: tuple[Accelevents, str],
    clock: Any,
    ear: Ear,
    make_feed: OpenFeed,
    a_link: MakeLink,
    scheme: AuthScheme,
):
    """Magic link, list, join, feed, available, match: told by the socket and by the list."""
    platform, url = world
    platform.knobs.auth_forms = {scheme.value}
    client = AcceleventsClient(PlatformOptions(api_url=url), clock)
    link = await linked(platform, client, a_link)
    assert (link.auth_scheme, link.account_id) == (scheme, 501)
    live = await client.sessions(link, SessionScope.LIVE)
    assert SESSION in {session.id for session in live}
    await client.join(link, SESSION)
    assert [mine.id for mine in await client.registered_sessions(link)] == [SESSION]
    feed = make_feed(url)
    feed.open(link, SESSION)
    assert await feed.wait_connected(ANA, SOON)
    await client.set_status(link, SESSION, AttendeeStatus.AVAILABLE)
    await platform.pair("ada", "priya", SESSION)
    await ear.until("matched U1 demo")
    (listed,) = await client.matches(link, SESSION)
    await client.aclose()
    (told,) = ear.seen
    assert told.partner == listed.partner
    assert told.partner.account_id == 502
    assert (told.raw_time, told.session_id) == (listed.raw_time, listed.session_id)


@pytest.mark.parametrize("shape", SHAPES)
async def test_every_shape_of_the_sandbox(
    world: tuple[Accelevents, str],
    ear: Ear,
    make_feed: OpenFeed,
    a_link: MakeLink,
    shape: str,
):
    """The same match is read from each shape, with its call where the shape has one."""
    platform, url = world
    platform.knobs.shape = shape
    feed = make_feed(url)
    feed.open(a_link(token=a_token(platform)), SESSION)
    assert await feed.wait_connected(ANA, SOON)
    pairing = await platform.pair("ada", "priya", SESSION)
    await ear.until("matched U1 demo")
    (told,) = ear.seen
    assert told.partner.name == "Priya Raman"
    assert told.partner.account_id == 502
    assert told.session_id == SESSION
    assert told.round_seconds == (None if shape == "no_round" else 300)
    assert (told.raw_time is None) is (shape == "no_time")
    if shape == "no_call":
        assert told.call is None
        return
    assert told.call is not None
    assert told.meeting_digest == digest(str(pairing.meeting["MeetingId"]))
    assert told.call.meeting["MediaPlacement"] == pairing.meeting["MediaPlacement"]
    assert told.call.attendee == pairing.chime_attendees["ada"]


@pytest.mark.parametrize(
    ("session", "kind"),
    [
        (99999, errors.SessionNotFound),
        (11647, errors.SessionFull),
        (11648, errors.TicketNotPermitted),
        (11649, errors.TicketLimitReached),
        (11650, errors.SessionNotLive),
    ],
)
@pytest.mark.parametrize("form", ["number", "digit_string", "message_only", "plain_text", "html"])
async def test_the_five_refusals_of_a_join(
    world: tuple[Accelevents, str],
    clock: Any,
    a_link: MakeLink,
    session: int,
    kind: type[errors.Refusal],
    form: Any,
):
    """The guide's table, whatever the body looks like."""
    platform, url = world
    platform.knobs.error_shape = form
    client = AcceleventsClient(PlatformOptions(api_url=url), clock)
    with pytest.raises(kind) as caught:
        await client.join(a_link(token=a_token(platform)), SessionId(session))
    await client.aclose()
    assert caught.value.permitted == (2 if kind is errors.TicketLimitReached else None)


async def test_a_key_works_once(world: tuple[Accelevents, str], clock: Any, a_link: MakeLink):
    """A used magic link is told from one that never was."""
    platform, url = world
    client = AcceleventsClient(PlatformOptions(api_url=url), clock)
    key = platform.user_key_for("ada")
    await client.redeem(EVENT, key)
    with pytest.raises(errors.MagicLinkUsed):
        await client.redeem(EVENT, key)
    with pytest.raises(errors.MagicLinkInvalid):
        await client.redeem(EVENT, "no-such-key")
    with pytest.raises(errors.EventNotFound):
        await client.redeem(EventSlug("other"), platform.user_key_for("ada"))
    with pytest.raises(errors.TokenRefused):
        await client.matches(a_link(), SESSION)
    await client.aclose()
