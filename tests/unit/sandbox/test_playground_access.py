"""Access to the playground: from this machine, by its address, from its own page."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from slackbot.sandbox.playground.access import NoBrowsers
from slackbot.sandbox.serving import serving
from slackbot.sandbox.slack import Slack
from tests.harness.playground import TOKEN, playground


@pytest.fixture
async def address() -> AsyncIterator[str]:
    """Serve a playground in which nothing runs yet."""
    async with playground(run=False) as (_, address):
        yield address


async def get(url: str, **headers: str) -> httpx.Response:
    """Send a GET request with these headers, `_` for a hyphen."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(url, headers=named)


async def post(url: str, **headers: str) -> httpx.Response:
    """Send a POST request with these headers, `_` for a hyphen."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.post(url, content=b"{}", headers=named)


def origin_of(address: str) -> str:
    """Return the origin of the playground's own page."""
    return address.removesuffix(f"/{TOKEN}/")


async def test_it_is_served_on_loopback_alone(address: str) -> None:
    """The address is on 127.0.0.1."""
    assert address.startswith("http://127.0.0.1:")


async def test_the_address_opens_the_page(address: str) -> None:
    """The page and its files are found below the token."""
    page = await get(address)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    script = await get(f"{address}main.js")
    assert "javascript" in script.headers["content-type"]
    assert (await get(f"{address}../server.py")).status_code == 404


@pytest.mark.parametrize("token", ["", "wrong/", TOKEN, f"{TOKEN}x/", "é/"])
async def test_without_the_token_there_is_nothing(address: str, token: str) -> None:
    """Any other address, also the token without its slash, is a 404."""
    assert (await get(f"{origin_of(address)}/{token}")).status_code == 404


async def test_a_name_that_leads_here_is_refused(address: str) -> None:
    """A request under another host's name is refused, as DNS rebinding would send it."""
    port = origin_of(address).rpartition(":")[2]
    for host in (f"evil.example:{port}", "127.0.0.1", f"127.0.0.1.evil.example:{port}"):
        assert (await get(address, host=host)).status_code == 421
    assert (await get(address, host=f"localhost:{port}")).status_code == 200


async def test_another_page_can_change_nothing(address: str) -> None:
    """A POST of another origin, or of none, is refused; the page's own gets as far as the run."""
    url = f"{address}act"
    for foreign in ("https://evil.example", "null", "http://127.0.0.1:1"):
        assert (await post(url, origin=foreign)).status_code == 403
    assert (await post(url)).status_code == 403
    assert (await post(url, origin=origin_of(address))).status_code == 503


async def test_another_page_can_read_nothing(address: str) -> None:
    """A request that another site started is refused, and no answer allows another origin."""
    for site in ("cross-site", "same-site"):
        assert (await get(address, sec_fetch_site=site)).status_code == 403
    own = await get(f"{address}about", sec_fetch_site="same-origin", origin=origin_of(address))
    assert own.status_code == 200
    assert not [name for name in own.headers if name.startswith("access-control-")]


async def test_the_page_may_load_nothing_from_elsewhere(address: str) -> None:
    """The policy allows the page's own files alone, and no frame around it."""
    policy = (await get(address)).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy.replace("https://evil.example", "")
    assert "unsafe" not in policy


async def test_browsers_do_not_reach_the_simulated_servers() -> None:
    """A page that finds the port of the simulated Slack can't drive it; the bot can use it."""
    slack = Slack()
    async with serving(NoBrowsers(slack.app)) as url:
        assert (await get(f"{url}/_sandbox")).status_code == 200
        assert (await get(f"{url}/_sandbox", origin="https://evil.example")).status_code == 403
        assert (await get(f"{url}/_sandbox", sec_fetch_site="cross-site")).status_code == 403
