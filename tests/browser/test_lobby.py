"""Before the call: links are not used up too early, and problems are reported."""

from __future__ import annotations

import httpx

from tests.browser.chromium import NO_CAMERA_API, NO_DEVICES, TIMEOUT
from tests.browser.harness import ADA, IN_CALL, LOBBY, PREVIEW, PRIYA, Harness, ended_because


async def test_a_link_preview_gets_nothing_and_uses_nothing_up(harness: Harness) -> None:
    """A crawler that opens the link gets a page without secrets; the person can still join."""
    await harness.match()
    link = await harness.follow(ADA)
    async with httpx.AsyncClient(trust_env=False, follow_redirects=True) as crawler:
        for _ in range(3):
            answer = await crawler.get(link, headers={"User-Agent": "Slackbot-LinkExpanding 1.0"})
            assert answer.status_code == 200
            assert harness.token(ADA) not in answer.text
            assert "set-cookie" not in answer.headers
        await crawler.head(link)
    tab = await harness.browsers.open(link)
    await tab.until(PREVIEW)


async def test_a_scanner_that_runs_the_page_takes_no_place(harness: Harness) -> None:
    """A browser that loads the page and presses nothing gets no session; the person gets it."""
    await harness.match()
    link = await harness.follow(ADA)
    for _ in range(2):
        scanner = await harness.browsers.open(link, enter=False)
        await scanner.until("document.body.dataset.state === 'entrance'")
        await scanner.page.reload()
        await scanner.until("document.body.dataset.state === 'entrance'")
        assert not [url for url in scanner.requested if url.endswith("/session")]
    tab = await harness.browsers.open(link)
    await tab.until(PREVIEW)


async def test_the_lobby_shows_a_preview_and_hides_the_token(harness: Harness) -> None:
    """Live video, a moving level, a choice of devices; no token in the URL or the page."""
    await harness.match()
    tab = await harness.lobby(ADA)
    await tab.until("document.getElementById('level').value > 0.02")
    await tab.until("document.getElementById('mic-list').options.length > 1")
    await tab.until("document.getElementById('cam-list').options.length > 0")
    assert harness.token(ADA) not in tab.page.url
    assert harness.token(ADA) not in await tab.page.content()
    assert "event hub" in await tab.text("#elsewhere")
    assert ":" in await tab.text("#clock")
    assert tab.console_errors == []


async def test_a_second_browser_is_refused_and_the_first_may_reload(harness: Harness) -> None:
    """A link belongs to the browser that opened it first, where it can be reloaded."""
    await harness.match()
    first = await harness.lobby(ADA)
    second = await harness.open(ADA)
    await second.until(ended_because("elsewhere"))
    assert "Use another device" in await second.text("#over-text")
    await first.page.reload()
    await first.until(PREVIEW)


async def test_an_unsuitable_browser_does_not_use_up_the_link(
    harness: Harness,
) -> None:
    """Without the camera API the page says which browser to use, and the link works there."""
    await harness.match()
    tab = await harness.open(ADA, script=NO_CAMERA_API)
    await tab.until(ended_because("unsuitable"))
    assert await tab.page.is_visible("#copy")
    elsewhere = await harness.open(ADA)
    await elsewhere.until(PREVIEW)


async def test_somebody_without_devices_can_join_and_listen(harness: Harness) -> None:
    """A refused camera and microphone are explained, and the call works without them."""
    await harness.match()
    tab = await harness.open(ADA, script=NO_DEVICES)
    await tab.until(f"{LOBBY} && document.getElementById('alert').textContent.includes('blocked')")
    await tab.page.click("#join")
    await tab.until(IN_CALL)
    priya = await harness.join(PRIYA)
    await tab.until("document.querySelector('.remote.live video')?.videoWidth > 0")
    await priya.until("document.body.dataset.partner === 'here'")
    await tab.until_media_flows()


async def test_the_lobby_closes_when_the_round_is_over(harness: Harness) -> None:
    """At the end of the round the lobby says so, and nobody can join any more."""
    round_seconds = await harness.match(seconds=12)
    tab = await harness.open(ADA)
    await tab.until(ended_because("round"), round_seconds + TIMEOUT)
    assert not await tab.page.is_visible("#join")
    assert not await tab.page.is_visible("#again")


async def test_a_forged_link_opens_nothing(harness: Harness) -> None:
    """A made-up link, or one with a changed letter, is reported and opens no session."""
    await harness.match()
    link = await harness.follow(ADA)
    for forged in (
        link[:-1] + ("A" if link[-1] != "A" else "B"),
        f"{harness.mission.bot_url}/call/x",
    ):
        tab = await harness.browsers.open(forged)
        await tab.until(ended_because("unknown"))
    good = await harness.browsers.open(link)
    await good.until(PREVIEW)
