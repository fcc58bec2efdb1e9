"""Client and feed against the sandbox platform, which was built from the same documents alone."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr

from slackbot.accelevents.client import AcceleventsClient, PlatformOptions
from slackbot.domain import errors
from slackbot.domain.model import (
    AttendeeStatus,
    AuthScheme,
    EventSlug,
    Link,
    SessionId,
    SessionScope,
)
from slackbot.domain.text import digest
from slackbot.sandbox.accelevents import SHAPES, Accelevents
from slackbot.sandbox.serving import serving

from .feed_harness import ANA, TIMEOUT, FeedFactory, LinkFactory, Recorder

SESSION = SessionId(11645)
EVENT = EventSlug("demo")


@pytest.fixture
async def sandbox() -> AsyncIterator[tuple[Accelevents, str]]:
    sandbox = Accelevents()
    async with serving(sandbox.app) as url:
        yield sandbox, url


def token_of_ada(sandbox: Accelevents) -> SecretStr:
    """Return a token of Ada."""
    return SecretStr(sandbox.token_for("ada"))


async def linked_by_magic_link(
    sandbox: Accelevents, client: AcceleventsClient, make_link: LinkFactory, who: str = "ada"
) -> Link:
    """Return a link made with a magic link and checked."""
    grant = await client.redeem(EVENT, sandbox.user_key_for(who))
    scheme = await client.check(EVENT, grant.token)
    return make_link(token=grant.token, auth_scheme=scheme, account_id=grant.account_id)


@pytest.mark.parametrize("scheme", list(AuthScheme))
async def test_from_link_to_match(
    sandbox: tuple[Accelevents, str],
    clock: Any,
    recorder: Recorder,
    make_feed: FeedFactory,
    make_link: LinkFactory,
    scheme: AuthScheme,
):
    """Magic link, list, join, feed, available, match: the socket and the list report the same."""
    platform, url = sandbox
    platform.knobs.auth_forms = {scheme.value}
    client = AcceleventsClient(PlatformOptions(api_url=url), clock)
    link = await linked_by_magic_link(platform, client, make_link)
    assert (link.auth_scheme, link.account_id) == (scheme, 501)
    live = await client.sessions(link, SessionScope.LIVE)
    assert SESSION in {session.id for session in live}
    await client.join(link, SESSION)
    assert [mine.id for mine in await client.registered_sessions(link)] == [SESSION]
    feed = make_feed(url)
    feed.open(link, SESSION)
    assert await feed.wait_connected(ANA, TIMEOUT)
    await client.set_status(link, SESSION, AttendeeStatus.AVAILABLE)
    await platform.pair("ada", "priya", SESSION)
    await recorder.until("matched U1 demo")
    (listed,) = await client.matches(link, SESSION)
    await client.aclose()
    (report,) = recorder.reports
    assert report.partner == listed.partner
    assert report.partner.account_id == 502
    assert (report.raw_time, report.session_id) == (listed.raw_time, listed.session_id)


@pytest.mark.parametrize("shape", SHAPES)
async def test_every_shape_of_the_sandbox(
    sandbox: tuple[Accelevents, str],
    recorder: Recorder,
    make_feed: FeedFactory,
    make_link: LinkFactory,
    shape: str,
):
    """The same match is read from each shape, with its call where the shape has one."""
    platform, url = sandbox
    platform.knobs.shape = shape
    feed = make_feed(url)
    feed.open(make_link(token=token_of_ada(platform)), SESSION)
    assert await feed.wait_connected(ANA, TIMEOUT)
    pairing = await platform.pair("ada", "priya", SESSION)
    await recorder.until("matched U1 demo")
    (report,) = recorder.reports
    assert report.partner.name == "Priya Raman"
    assert report.partner.account_id == 502
    assert report.session_id == SESSION
    assert report.round_seconds == (None if shape == "no_round" else 300)
    assert (report.raw_time is None) is (shape == "no_time")
    if shape == "no_call":
        assert report.call is None
        return
    assert report.call is not None
    assert report.meeting_digest == digest(str(pairing.meeting["MeetingId"]))
    assert report.call.meeting["MediaPlacement"] == pairing.meeting["MediaPlacement"]
    assert report.call.attendee == pairing.chime_attendees["ada"]


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
    sandbox: tuple[Accelevents, str],
    clock: Any,
    make_link: LinkFactory,
    session: int,
    kind: type[errors.Refusal],
    form: Any,
):
    """The guide's refusals are recognized in every form of the body."""
    platform, url = sandbox
    platform.knobs.error_shape = form
    client = AcceleventsClient(PlatformOptions(api_url=url), clock)
    with pytest.raises(kind) as caught:
        await client.join(make_link(token=token_of_ada(platform)), SessionId(session))
    await client.aclose()
    assert caught.value.permitted == (2 if kind is errors.TicketLimitReached else None)


async def test_a_key_works_once(
    sandbox: tuple[Accelevents, str], clock: Any, make_link: LinkFactory
):
    """A used magic link is distinguished from an unknown one."""
    platform, url = sandbox
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
        await client.matches(make_link(), SESSION)
    await client.aclose()
