"""What the client sends, against a real HTTP server on this machine."""

from typing import Any

import pytest
from platform_peer import EVENT, GRANT, MakeLink, Peer, answer
from pydantic import SecretStr

from slackbot.accelevents.client import AcceleventsClient, PlatformOptions
from slackbot.domain import errors
from slackbot.domain.model import AttendeeStatus, AuthScheme, EventSlug, SessionScope

# --- what is sent --------------------------------------------------------------------------------


async def test_the_calls_as_documented(peer: Peer, client: AcceleventsClient, a_link: MakeLink):
    """Each call has the method, path and parameters of the reference, and the bare token."""
    link = a_link()
    peer.answers = [answer(body={"data": [], "recordsFiltered": 0})]
    for scope in SessionScope:
        await client.sessions(link, scope)
    await client.registered_sessions(link)
    await client.matches(link, 11645)
    peer.answers = [answer(body="")]
    await client.join(link, 11645)
    await client.set_status(link, 11645, AttendeeStatus.LEFT)
    listed = {"sessionFormat": "MEET_UP", "expand": "TRACK", "page": "0", "size": "100"}
    mine = {"sessionFormat": "MEET_UP", "expand": "TRACK", "showPastAndUpcoming": "true"}
    at = "/rest/events/demo"
    assert peer.heard() == [
        ("GET", f"{at}/session/v2", listed),
        ("GET", f"{at}/session/v2", listed | {"showPastAndUpcoming": "true"}),
        ("GET", f"{at}/session/v2", listed | {"past": "true"}),
        ("GET", f"{at}/user-session/registered", mine),
        ("GET", f"{at}/user-session/11645/matches", {}),
        ("PUT", f"{at}/session/11645", {}),
        ("PUT", f"{at}/user-session/11645/status", {"status": "LEFT"}),
    ]
    assert {call.headers["authorization"] for call in peer.calls} == {"secret-of-ana"}


async def test_a_magic_link(peer: Peer, client: AcceleventsClient):
    """The user key goes into the path, without a token, and a grant comes back."""
    peer.answers = [answer(body=GRANT)]
    grant = await client.redeem(EVENT, "k1")
    assert grant.token.get_secret_value() == "abc"
    assert peer.heard() == [
        (
            "POST",
            "/rest/u/loginUserByUserKey/k1",
            {"eventUrl": "demo", "loginSource": "MAGIC_LINK"},
        )
    ]
    assert "authorization" not in peer.calls[0].headers


async def test_other_requests_by_configuration(peer: Peer, clock: Any, a_link: MakeLink):
    """The guessed requests can be replaced, method and query included."""
    options = PlatformOptions(
        api_url=peer.url + "/",
        status_request="POST /x/{session_id}?by={event}",
        matches_request="GET /y/{event}/{session_id}",
    )
    client = AcceleventsClient(options, clock)
    peer.answers = [answer(body=[])]
    await client.set_status(a_link(), 7, AttendeeStatus.AVAILABLE)
    assert await client.matches(a_link(), 7) == []
    await client.aclose()
    assert peer.heard() == [
        ("POST", "/x/7", {"by": "demo", "status": "CHECK_IN_AVAILABLE"}),
        ("GET", "/y/demo/7", {}),
    ]


@pytest.mark.parametrize(
    "slug",
    ["a/b", "../../u", "a?x=1", "a#b", "a b", "%2e%2e", "é", "{session_id}", "a\\b", "\ud800"],
)
async def test_a_slug_stays_one_part_of_the_path(
    peer: Peer, client: AcceleventsClient, a_link: MakeLink, slug: str
):
    """Whatever is in a slug or a key, it cannot reach another path."""
    peer.answers = [answer(body=GRANT | {"data": []})]
    await client.registered_sessions(a_link(event=EventSlug(slug)))
    await client.redeem(EventSlug(slug), slug)
    listed, login = (path for _, path, _ in peer.heard())
    assert listed.startswith("/rest/events/")
    assert listed.endswith("/user-session/registered")
    assert listed.count("/") == 5
    assert login.startswith("/rest/u/loginUserByUserKey/")
    assert login.count("/") == 4


@pytest.mark.parametrize("slug", ["", ".", ".."])
async def test_steps_in_a_path_are_not_sent(
    peer: Peer, client: AcceleventsClient, a_link: MakeLink, slug: str
):
    """A slug or key that is a step in a path names nothing, and nothing is sent."""
    with pytest.raises(errors.EventNotFound):
        await client.join(a_link(event=EventSlug(slug)), 1)
    with pytest.raises(errors.MagicLinkInvalid):
        await client.redeem(EVENT, slug)
    assert peer.calls == []


@pytest.mark.parametrize("token", ["", "a\nb", "ä", "a\x00"])
async def test_a_token_that_no_header_can_carry(
    peer: Peer, client: AcceleventsClient, a_link: MakeLink, token: str
):
    """Such a token counts as refused, and nothing is sent."""
    with pytest.raises(errors.TokenRefused):
        await client.join(a_link(token=SecretStr(token)), 1)
    assert peer.calls == []


# --- the token's form ----------------------------------------------------------------------------

EMPTY = {"data": [], "recordsFiltered": 0}
UNAUTHORISED = answer(401, {"errorCode": 4010101})


async def test_check_tries_bare_first(peer: Peer, client: AcceleventsClient):
    """A token that is taken bare is remembered so, with one call."""
    peer.answers = [answer(body=EMPTY)]
    assert await client.check(EVENT, SecretStr("t")) is AuthScheme.BARE
    assert [call.headers["authorization"] for call in peer.calls] == ["t"]
    assert peer.calls[0].query_params["size"] == "1"


async def test_check_then_tries_bearer(peer: Peer, client: AcceleventsClient, a_link: MakeLink):
    """A 401 leads to one try with `Bearer`, and later calls are sent that way."""
    peer.answers = [UNAUTHORISED, answer(body=EMPTY)]
    scheme = await client.check(EVENT, SecretStr("t"))
    assert scheme is AuthScheme.BEARER
    await client.join(a_link(auth_scheme=scheme), 1)
    sent = [call.headers["authorization"] for call in peer.calls]
    assert sent == ["t", "Bearer t", "Bearer secret-of-ana"]


async def test_check_of_a_worthless_token(peer: Peer, client: AcceleventsClient):
    """Two refusals end it."""
    peer.answers = [UNAUTHORISED]
    with pytest.raises(errors.TokenRefused):
        await client.check(EVENT, SecretStr("t"))
    assert len(peer.calls) == 2


async def test_check_stops_at_other_refusals(peer: Peer, client: AcceleventsClient):
    """An unknown event is no reason to send the token once more."""
    peer.answers = [answer(404, {"errorCode": 4040200})]
    with pytest.raises(errors.EventNotFound):
        await client.check(EVENT, SecretStr("t"))
    assert len(peer.calls) == 1


@pytest.mark.parametrize("scheme", ["bare", "bearer"])
async def test_a_fixed_scheme_is_not_changed(peer: Peer, clock: Any, scheme: Any):
    """With a configured scheme only that one is tried."""
    peer.answers = [UNAUTHORISED]
    client = AcceleventsClient(PlatformOptions(api_url=peer.url, auth_scheme=scheme), clock)
    with pytest.raises(errors.TokenRefused):
        await client.check(EVENT, SecretStr("t"))
    peer.answers = [answer(body=EMPTY)]
    assert await client.check(EVENT, SecretStr("t")) == scheme
    await client.aclose()
    assert len(peer.calls) == 2


async def test_a_refused_token_is_not_sent_another_way(
    peer: Peer, client: AcceleventsClient, a_link: MakeLink
):
    """Outside of the check a 401 is final: no second form of the token is tried."""
    peer.answers = [UNAUTHORISED]
    with pytest.raises(errors.TokenRefused):
        await client.matches(a_link(), 1)
    assert len(peer.calls) == 1
