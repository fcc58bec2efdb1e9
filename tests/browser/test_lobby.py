"""Before the call: nothing is used up too early, and whatever is wrong is said."""

from __future__ import annotations

import httpx

from tests.browser.chromium import NO_CAMERA_API, NO_DEVICES, PATIENCE
from tests.browser.evening import ADA, IN_CALL, LOBBY, PREVIEW, PRIYA, Evening, because


async def test_a_preview_of_the_link_gets_nothing_and_uses_nothing_up(evening: Evening) -> None:
    """A crawler that follows the link sees a page without a secret; the person still gets in."""
    await evening.match()
    link = await evening.follow(ADA)
    async with httpx.AsyncClient(trust_env=False, follow_redirects=True) as crawler:
        for _ in range(3):
            answer = await crawler.get(link, headers={"User-Agent": "Slackbot-LinkExpanding 1.0"})
            assert answer.status_code == 200
            assert evening.token(ADA) not in answer.text
            assert "set-cookie" not in answer.headers
        await crawler.head(link)
    tab = await evening.visitors.opens(link)
    await tab.until(PREVIEW)


async def test_the_lobby_shows_oneself_and_keeps_the_secret(evening: Evening) -> None:
    """Live picture, moving level, devices to choose from; no token in the address or the page."""
    await evening.match()
    tab = await evening.lobby(ADA)
    await tab.until("document.getElementById('level').value > 0.02")
    await tab.until("document.getElementById('mic-list').options.length > 1")
    await tab.until("document.getElementById('cam-list').options.length > 0")
    assert evening.token(ADA) not in tab.page.url
    assert evening.token(ADA) not in await tab.page.content()
    assert "event hub" in await tab.text("#elsewhere")
    assert ":" in await tab.text("#clock")
    assert tab.complaints == []


async def test_a_second_browser_is_refused_and_the_first_may_come_back(evening: Evening) -> None:
    """The link belongs to the browser that opened it; a reload there is no second browser."""
    await evening.match()
    first = await evening.lobby(ADA)
    second = await evening.opens(ADA)
    await second.until(because("elsewhere"))
    assert "New link" in await second.text("#over-text")
    await first.page.reload()
    await first.until(PREVIEW)


async def test_a_browser_that_cannot_call_is_told_before_anything_is_used_up(
    evening: Evening,
) -> None:
    """Without the camera API the page says where to go, and the link still works there."""
    await evening.match()
    tab = await evening.opens(ADA, script=NO_CAMERA_API)
    await tab.until(because("unsuitable"))
    assert await tab.page.is_visible("#copy")
    elsewhere = await evening.opens(ADA)
    await elsewhere.until(PREVIEW)


async def test_who_has_no_devices_can_join_and_listen(evening: Evening) -> None:
    """A refused camera and microphone are explained, and the call works without them."""
    await evening.match()
    tab = await evening.opens(ADA, script=NO_DEVICES)
    await tab.until(f"{LOBBY} && document.getElementById('alert').textContent.includes('blocked')")
    await tab.page.click("#join")
    await tab.until(IN_CALL)
    priya = await evening.joins(PRIYA)
    await tab.until("document.querySelector('.remote.live video')?.videoWidth > 0")
    await priya.until("document.body.dataset.partner === 'here'")
    await tab.until_media_flows()


async def test_the_lobby_closes_when_the_round_is_over(evening: Evening) -> None:
    """Who waits in the lobby until the end is told so, and cannot join any more."""
    lasts = await evening.match(seconds=12)
    tab = await evening.opens(ADA)
    await tab.until(because("round"), lasts + PATIENCE)
    assert not await tab.page.is_visible("#join")
    assert not await tab.page.is_visible("#again")


async def test_a_forged_link_opens_nothing(evening: Evening) -> None:
    """A link that we did not make, or changed by a letter, says so and gives no session."""
    await evening.match()
    link = await evening.follow(ADA)
    for forged in (
        link[:-1] + ("A" if link[-1] != "A" else "B"),
        f"{evening.mission.bot_url}/call/x",
    ):
        tab = await evening.visitors.opens(forged)
        await tab.until(because("unknown"))
    good = await evening.visitors.opens(link)
    await good.until(PREVIEW)
