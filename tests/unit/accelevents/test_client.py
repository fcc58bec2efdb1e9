"""Requests of the client, sent to a real HTTP server on this machine."""

from typing import Any

import pytest
from pydantic import SecretStr

from slackbot.accelevents.client import AcceleventsClient, PlatformOptions
from slackbot.domain import errors
from slackbot.domain.model import AttendeeStatus, AuthScheme, EventSlug, SessionScope

from .platform_server import EVENT, GRANT, LinkFactory, PlatformServer, response

# --- requests ------------------------------------------------------------------------------------


async def test_documented_requests(
    platform: PlatformServer, client: AcceleventsClient, make_link: LinkFactory
):
    """Each call has the method, path and parameters of the reference, and the bare token."""
    link = make_link()
    platform.responses = [response(body={"data": [], "recordsFiltered": 0})]
    for scope in SessionScope:
        await client.sessions(link, scope)
    await client.registered_sessions(link)
    await client.matches(link, 11645)
    platform.responses = [response(body="")]
    await client.join(link, 11645)
    await client.set_status(link, 11645, AttendeeStatus.LEFT)
    listed = {"sessionFormat": "MEET_UP", "expand": "TRACK", "page": "0", "size": "100"}
    mine = {"sessionFormat": "MEET_UP", "expand": "TRACK", "showPastAndUpcoming": "true"}
    at = "/rest/events/demo"
    assert platform.received() == [
        ("GET", f"{at}/session/v2", listed),
        ("GET", f"{at}/session/v2", listed | {"showPastAndUpcoming": "true"}),
        ("GET", f"{at}/session/v2", listed | {"past": "true"}),
        ("GET", f"{at}/user-session/registered", mine),
        ("GET", f"{at}/user-session/11645/matches", {}),
        ("PUT", f"{at}/session/11645", {}),
        ("PUT", f"{at}/user-session/11645/status", {"status": "LEFT"}),
    ]
    assert {call.headers["authorization"] for call in platform.requests} == {"secret-of-ana"}


async def test_a_magic_link(platform: PlatformServer, client: AcceleventsClient):
    """The user key goes into the path, without a token, and a grant comes back."""
    platform.responses = [response(body=GRANT)]
    grant = await client.redeem(EVENT, "k1")
    assert grant.token.get_secret_value() == "abc"
    assert platform.received() == [
        (
            "POST",
            "/rest/u/loginUserByUserKey/k1",
            {"eventUrl": "demo", "loginSource": "MAGIC_LINK"},
        )
    ]
    assert "authorization" not in platform.requests[0].headers


async def test_configured_requests(platform: PlatformServer, clock: Any, make_link: LinkFactory):
    """The guessed requests can be replaced, method and query included."""
    options = PlatformOptions(
        api_url=platform.url + "/",
        status_request="POST /x/{session_id}?by={event}",
        matches_request="GET /y/{event}/{session_id}",
    )
    client = AcceleventsClient(options, clock)
    platform.responses = [response(body=[])]
    await client.set_status(make_link(), 7, AttendeeStatus.AVAILABLE)
    assert await client.matches(make_link(), 7) == []
    await client.aclose()
    assert platform.received() == [
        ("POST", "/x/7", {"by": "demo", "status": "CHECK_IN_AVAILABLE"}),
        ("GET", "/y/demo/7", {}),
    ]


@pytest.mark.parametrize(
    "slug",
    ["a/b", "../../u", "a?x=1", "a#b", "a b", "%2e%2e", "é", "{session_id}", "a\\b", "\ud800"],
)
async def test_a_slug_stays_one_path_segment(
    platform: PlatformServer, client: AcceleventsClient, make_link: LinkFactory, slug: str
):
    """No content of a slug or a key reaches another path."""
    platform.responses = [response(body=GRANT | {"data": []})]
    await client.registered_sessions(make_link(event=EventSlug(slug)))
    await client.redeem(EventSlug(slug), slug)
    listed, login = (path for _, path, _ in platform.received())
    assert listed.startswith("/rest/events/")
    assert listed.endswith("/user-session/registered")
    assert listed.count("/") == 5
    assert login.startswith("/rest/u/loginUserByUserKey/")
    assert login.count("/") == 4


@pytest.mark.parametrize("slug", ["", ".", ".."])
async def test_dots_are_not_sent(
    platform: PlatformServer, client: AcceleventsClient, make_link: LinkFactory, slug: str
):
    """An empty slug or key, `.` or `..` names nothing, and nothing is sent."""
    with pytest.raises(errors.EventNotFound):
        await client.join(make_link(event=EventSlug(slug)), 1)
    with pytest.raises(errors.MagicLinkInvalid):
        await client.redeem(EVENT, slug)
    assert platform.requests == []


@pytest.mark.parametrize("token", ["", "a\nb", "ä", "a\x00"])
async def test_a_token_that_no_header_can_carry(
    platform: PlatformServer, client: AcceleventsClient, make_link: LinkFactory, token: str
):
    """Such a token counts as refused, and nothing is sent."""
    with pytest.raises(errors.TokenRefused):
        await client.join(make_link(token=SecretStr(token)), 1)
    assert platform.requests == []


# --- the token's form ----------------------------------------------------------------------------

EMPTY = {"data": [], "recordsFiltered": 0}
UNAUTHORIZED = response(401, {"errorCode": 4010101})


async def test_check_tries_bare_first(platform: PlatformServer, client: AcceleventsClient):
    """A token that is accepted bare takes one request."""
    platform.responses = [response(body=EMPTY)]
    assert await client.check(EVENT, SecretStr("t")) is AuthScheme.BARE
    assert [call.headers["authorization"] for call in platform.requests] == ["t"]
    assert platform.requests[0].query_params["size"] == "1"


async def test_check_then_tries_bearer(
    platform: PlatformServer, client: AcceleventsClient, make_link: LinkFactory
):
    """A 401 leads to one attempt with `Bearer`, and later requests are sent that way."""
    platform.responses = [UNAUTHORIZED, response(body=EMPTY)]
    scheme = await client.check(EVENT, SecretStr("t"))
    assert scheme is AuthScheme.BEARER
    await client.join(make_link(auth_scheme=scheme), 1)
    sent = [call.headers["authorization"] for call in platform.requests]
    assert sent == ["t", "Bearer t", "Bearer secret-of-ana"]


async def test_check_of_a_refused_token(platform: PlatformServer, client: AcceleventsClient):
    """A token that is refused both ways is refused after two requests."""
    platform.responses = [UNAUTHORIZED]
    with pytest.raises(errors.TokenRefused):
        await client.check(EVENT, SecretStr("t"))
    assert len(platform.requests) == 2


async def test_check_stops_at_other_refusals(platform: PlatformServer, client: AcceleventsClient):
    """An unknown event does not make the client send the token once more."""
    platform.responses = [response(404, {"errorCode": 4040200})]
    with pytest.raises(errors.EventNotFound):
        await client.check(EVENT, SecretStr("t"))
    assert len(platform.requests) == 1


@pytest.mark.parametrize("scheme", ["bare", "bearer"])
async def test_a_fixed_scheme_is_not_changed(platform: PlatformServer, clock: Any, scheme: Any):
    """A configured scheme is the only one tried."""
    platform.responses = [UNAUTHORIZED]
    client = AcceleventsClient(PlatformOptions(api_url=platform.url, auth_scheme=scheme), clock)
    with pytest.raises(errors.TokenRefused):
        await client.check(EVENT, SecretStr("t"))
    platform.responses = [response(body=EMPTY)]
    assert await client.check(EVENT, SecretStr("t")) == scheme
    await client.aclose()
    assert len(platform.requests) == 2


async def test_a_refused_token_is_not_sent_another_way(
    platform: PlatformServer, client: AcceleventsClient, make_link: LinkFactory
):
    """Outside of the check a 401 is final: the token is not sent in another form."""
    platform.responses = [UNAUTHORIZED]
    with pytest.raises(errors.TokenRefused):
        await client.matches(make_link(), 1)
    assert len(platform.requests) == 1
