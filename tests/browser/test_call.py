"""In the call: cameras, lines, devices, and how it can end."""

from __future__ import annotations

from tests.browser.chromium import PATIENCE
from tests.browser.evening import (
    ADA,
    IN_CALL,
    PARTNER_HERE,
    PARTNER_SEEN,
    PREVIEW,
    PRIYA,
    Evening,
    because,
)

DEVICES_GIVEN_BACK = """
(document.getElementById('local').srcObject?.getTracks() ?? []).every(
  (track) => track.readyState === 'ended')
&& window.peers.every((peer) => peer.connectionState === 'closed'
  || peer.getSenders().every((sender) => !sender.track || sender.track.readyState === 'ended'))
"""


async def test_a_camera_goes_off_and_on_without_joining_again(evening: Evening) -> None:
    """Off: the other sees a face instead of a picture. On: the picture is back, and it moves."""
    await evening.match()
    ada, priya = await evening.both()
    await ada.page.click("#cam")
    await priya.until("!document.querySelector('.remote.live')")
    assert not evening.participant(ADA).camera_on
    assert await priya.page.is_visible("#remote-face")
    await ada.page.click("#cam")
    await priya.until(PARTNER_SEEN)
    await priya.until_media_flows()
    assert [evening.participant(name).received.count("JOIN") for name in (ADA, PRIYA)] == [1, 1]


async def test_a_broken_line_is_mended(evening: Evening) -> None:
    """The signalling line breaks off: both are told, the page comes back by itself, both see."""
    await evening.match()
    ada, priya = await evening.both()
    connection = evening.participant(PRIYA).connection
    assert connection is not None
    connection.cut()
    await priya.until("window.seen.includes('data-link: reconnecting')")
    await ada.until("window.seen.includes('data-partner: dropped')")
    await priya.until(IN_CALL)
    for tab in (ada, priya):
        await tab.until(f"{PARTNER_HERE} && {PARTNER_SEEN}")
        await tab.until_media_flows()
    assert evening.participant(PRIYA).received.count("JOIN") == 2


async def test_leaving_gives_the_devices_back(evening: Evening) -> None:
    """After Leave no camera and no microphone is in use; the person may come back."""
    await evening.match()
    tab = await evening.joins(ADA)
    await tab.page.click("#leave")
    await tab.until(because("left"))
    await tab.until(DEVICES_GIVEN_BACK)
    await evening.goodbye(ADA)
    await tab.page.click("#again")
    await tab.until(PREVIEW)
    await tab.page.click("#join")
    await tab.until(IN_CALL)


async def test_closing_the_tab_is_leaving(evening: Evening) -> None:
    """Whoever is left is told, without waiting for a time-out."""
    await evening.match()
    ada, priya = await evening.both()
    await priya.page.close()
    await ada.until("['left', 'dropped'].includes(document.body.dataset.partner)")


async def test_the_service_ends_the_meeting(evening: Evening) -> None:
    """Everybody is told that the call has ended; there is nothing to come back to."""
    await evening.match()
    ada, priya = await evening.both()
    await evening.plane.end(evening.participant(ADA).attendee.meeting_id)
    for tab in (ada, priya):
        await tab.until(because("ended"))
        assert not await tab.page.is_visible("#again")


async def test_the_same_person_elsewhere_takes_over(evening: Evening) -> None:
    """A tab in the event hub joins as the same attendee: this one stops, and may take it back."""
    await evening.match()
    first = await evening.joins(ADA)
    second = await first.page.context.new_page()
    await second.goto(first.page.url)
    await second.wait_for_selector("body[data-state=lobby]")
    await second.click("#join")
    await first.until(because("taken"))
    assert await first.page.is_visible("#again")


async def test_a_new_link_moves_the_call_to_another_browser(evening: Evening) -> None:
    """New link: the old one is replaced, and the new one takes the call over where it is opened."""
    await evening.match()
    old_link = await evening.follow(ADA)
    first, priya = await evening.both()
    await evening.renew(ADA)
    second = await evening.joins(ADA)
    await first.until(because("taken"))
    for tab in (second, priya):
        await tab.until(PARTNER_SEEN)
        await tab.until_media_flows()
    stale = await evening.visitors.opens(old_link)
    await stale.until(because("replaced"))


async def test_a_refused_token_is_said_at_once(evening: Evening) -> None:
    """A pass that Chime does not know any more: no waiting, and what to do in Slack."""
    await evening.match()
    tab = await evening.lobby(ADA)
    del evening.mission.platform.chime.attendees[evening.token(ADA)]
    await tab.page.click("#join")
    assert await tab.until(because("refused")) < 10  # of the 30 that an unreachable service gets
    assert evening.plane.refused == 1


async def test_the_end_of_the_round_ends_the_call(evening: Evening) -> None:
    """At zero the page leaves by itself and says that the round is over."""
    lasts = await evening.match(seconds=15)
    tab = await evening.joins(ADA)
    await tab.until(because("round"), lasts + PATIENCE)
    await tab.until(DEVICES_GIVEN_BACK)
    await evening.goodbye(ADA)


async def test_nothing_is_told_to_anybody_else(evening: Evening) -> None:
    """No telemetry, nothing asked of others than the bot and the media plane, no complaint."""
    await evening.match()
    bot, media = evening.mission.bot_url, evening.mission.platform.chime.media_url
    ada, priya = await evening.both()
    for tab in (ada, priya):
        hosts = {url.split("/")[2] for url in tab.requested if not url.startswith("blob:")}
        assert hosts == {address.split("/")[2] for address in (bot, media)}
        assert tab.complaints == []
    assert evening.plane.telemetry == 0
