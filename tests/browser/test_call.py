"""In the call: cameras, connections, devices, and every way it can end."""

from __future__ import annotations

from tests.browser.chromium import TIMEOUT
from tests.browser.harness import (
    ADA,
    IN_CALL,
    PARTNER_HERE,
    PARTNER_SEEN,
    PREVIEW,
    PRIYA,
    Harness,
    ended_because,
)

DEVICES_RELEASED = """
(document.getElementById('local').srcObject?.getTracks() ?? []).every(
  (track) => track.readyState === 'ended')
&& window.peers.every((peer) => peer.connectionState === 'closed'
  || peer.getSenders().every((sender) => !sender.track || sender.track.readyState === 'ended'))
"""


async def test_a_camera_goes_off_and_on_without_joining_again(harness: Harness) -> None:
    """Off: the other sees an avatar instead of video. On: live video is back."""
    await harness.match()
    ada, priya = await harness.both()
    await ada.page.click("#cam")
    await priya.until("!document.querySelector('.remote.live')")
    assert not harness.participant(ADA).camera_on
    assert await priya.page.is_visible("#remote-face")
    await ada.page.click("#cam")
    await priya.until(PARTNER_SEEN)
    await priya.until_media_flows()
    assert [harness.participant(name).received.count("JOIN") for name in (ADA, PRIYA)] == [1, 1]


async def test_a_broken_connection_recovers(harness: Harness) -> None:
    """The signalling connection breaks: both pages show it, the page reconnects, both see again."""
    await harness.match()
    ada, priya = await harness.both()
    connection = harness.participant(PRIYA).connection
    assert connection is not None
    connection.cut()
    await priya.until("window.seen.includes('data-link: reconnecting')")
    await ada.until("window.seen.includes('data-partner: dropped')")
    await priya.until(IN_CALL)
    for tab in (ada, priya):
        await tab.until(f"{PARTNER_HERE} && {PARTNER_SEEN}")
        await tab.until_media_flows()
    assert harness.participant(PRIYA).received.count("JOIN") == 2


async def test_leaving_releases_the_devices(harness: Harness) -> None:
    """After Leave no camera or microphone is in use; the person may join again."""
    await harness.match()
    tab = await harness.join(ADA)
    await tab.page.click("#leave")
    await tab.until(ended_because("left"))
    await tab.until(DEVICES_RELEASED)
    await harness.wait_until_left(ADA)
    await tab.page.click("#again")
    await tab.until(PREVIEW)
    await tab.page.click("#join")
    await tab.until(IN_CALL)


async def test_closing_the_tab_is_leaving(harness: Harness) -> None:
    """The other participant is notified without waiting for a timeout."""
    await harness.match()
    ada, priya = await harness.both()
    await priya.page.close()
    await ada.until("['left', 'dropped'].includes(document.body.dataset.partner)")


async def test_the_service_ends_the_meeting(harness: Harness) -> None:
    """Both pages say that the call has ended and do not offer to rejoin."""
    await harness.match()
    ada, priya = await harness.both()
    await harness.plane.end(harness.participant(ADA).attendee.meeting_id)
    for tab in (ada, priya):
        await tab.until(ended_because("ended"))
        assert not await tab.page.is_visible("#again")


async def test_the_same_person_elsewhere_takes_over(harness: Harness) -> None:
    """Another tab joins as the same attendee: this one stops, and can take over again."""
    await harness.match()
    first = await harness.join(ADA)
    second = await first.page.context.new_page()
    await second.goto(first.page.url)
    await second.click("#enter")
    await second.wait_for_selector("body[data-state=lobby]")
    await second.click("#join")
    await first.until(ended_because("taken"))
    assert await first.page.is_visible("#again")


async def test_a_new_link_moves_the_call_to_another_browser(harness: Harness) -> None:
    """The new link replaces the old one, and takes the call over in the browser that opens it."""
    await harness.match()
    old_link = await harness.follow(ADA)
    first, priya = await harness.both()
    await harness.renew(ADA)
    second = await harness.join(ADA)
    await first.until(ended_because("taken"))
    for tab in (second, priya):
        await tab.until(PARTNER_SEEN)
        await tab.until_media_flows()
    stale = await harness.browsers.open(old_link)
    await stale.until(ended_because("replaced"))


async def test_a_refused_token_is_reported_at_once(harness: Harness) -> None:
    """A join token that Chime no longer knows is reported without waiting, with the next step."""
    await harness.match()
    tab = await harness.lobby(ADA)
    del harness.mission.platform.chime.attendees[harness.token(ADA)]
    await tab.page.click("#join")
    assert await tab.until(ended_because("refused")) < 10  # an unreachable service gets 30
    assert harness.plane.refused == 1


async def test_the_end_of_the_round_ends_the_call(harness: Harness) -> None:
    """At zero the page leaves the call and says that the round is over."""
    round_seconds = await harness.match(seconds=15)
    tab = await harness.join(ADA)
    await tab.until(ended_because("round"), round_seconds + TIMEOUT)
    await tab.until(DEVICES_RELEASED)
    await harness.wait_until_left(ADA)


async def test_nothing_is_sent_to_anybody_else(harness: Harness) -> None:
    """No telemetry, requests only to the bot and the media plane, no console errors."""
    await harness.match()
    bot, media = harness.mission.bot_url, harness.mission.platform.chime.media_url
    ada, priya = await harness.both()
    for tab in (ada, priya):
        hosts = {url.split("/")[2] for url in tab.requested if not url.startswith("blob:")}
        assert hosts == {address.split("/")[2] for address in (bot, media)}
        assert tab.console_errors == []
    assert harness.plane.telemetry == 0
