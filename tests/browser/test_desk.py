"""Every fault of the playground's desk, by clicking only what a person sees.

`REPEAT=10` plays each ten times.
"""

from __future__ import annotations

import pytest

from slackbot.sandbox.playground.desk import FAULTS
from tests.browser.clients import AGAIN, TIMEOUT, Client, Desk, opened_page

TITLES = {fault.name: fault.title for fault in FAULTS}


@AGAIN
@pytest.mark.parametrize(
    ("fault", "sentence"), [("full", "is full"), ("ticket", "isn't in your ticket")]
)
async def test_a_session_refuses_until_it_is_put_right(
    fault: str, sentence: str, time: int
) -> None:
    """The refusal says why; once the session is put right, its button lets the person in."""
    async with opened_page() as page:
        ada, desk = Client(page, "ada"), Desk(page)
        await ada.types("/networking join 11645")
        await desk.press(TITLES[fault])
        await ada.presses("Connect")
        await ada.connects()
        await ada.sees(sentence)
        await desk.put_right()
        await ada.types("/networking join 11645")
        await ada.sees("You've joined")


@AGAIN
async def test_a_login_that_runs_out_is_renewed_from_a_new_e_mail(time: int) -> None:
    """The person reads it, connects again with a new link, and is available as before."""
    async with opened_page() as page:
        priya, desk = Client(page, "priya"), Desk(page)
        await priya.becomes_available()
        await priya.sees("You're available in First Network Session")
        await page.get_by_label("Whose login").select_option("Priya")
        await desk.press(TITLES["expired"])
        await priya.reads("Your login to Demo Summit has run out")
        await priya.presses("Connect again")
        await priya.connects(again=True)
        await priya.sees("You're connected to Demo Summit")
        ada = Client(page, "ada")
        await ada.becomes_available()
        await priya.sees("You're matched with Ada Example")


@AGAIN
async def test_a_match_is_found_while_live_updates_are_down(time: int) -> None:
    """Both read that updates are down, and their match all the same; then all is well again."""
    async with opened_page() as page:
        ada, priya, desk = Client(page, "ada"), Client(page, "priya"), Desk(page)
        await desk.press(TITLES["down"])
        await ada.becomes_available()
        await ada.sees("live updates are down")
        await priya.becomes_available()
        for person, partner in ((ada, "Priya Raman"), (priya, "Ada Example")):
            await person.reads("You were matched while I was offline")
            await person.sees(f"with {partner}")
        await desk.put_right()
        await ada.go("home")
        await ada.sees("Everything is working")


@AGAIN
async def test_a_slow_platform_is_waited_for(time: int) -> None:
    """The person reads that it takes a moment, and then what came of it."""
    async with opened_page() as page:
        ada, desk = Client(page, "ada"), Desk(page)
        await ada.types("/networking connect")
        await ada.connects()
        await ada.sees("You're connected")
        await desk.press(TITLES["slow"])
        await page.get_by_role("button", name="Put right").wait_for()
        await ada.types("/networking join founders")
        await ada.sees("One moment, checking with Accelevents")
        await ada.sees("You've joined Founders meet investors")
        await desk.put_right()


@AGAIN
async def test_messages_that_slack_refuses_arrive_once(time: int) -> None:
    """What happens shows the refusals, and each person has one message of the match."""
    async with opened_page() as page:
        ada, priya, desk = Client(page, "ada"), Client(page, "priya"), Desk(page)
        await ada.becomes_available()
        await ada.sees("You're available in")
        await desk.press(TITLES["limited"])
        await priya.becomes_available()
        await page.locator(".hop.failed", has_text="429").first.wait_for(timeout=TIMEOUT)
        await ada.reads("You're matched with Priya Raman")
        await priya.reads("You're matched with Ada Example")
        assert [await p.counts("You're matched with") for p in (ada, priya)] == [1, 1]


@AGAIN
async def test_a_crash_in_the_middle_of_a_match_loses_nothing(time: int) -> None:
    """The desk says what it needs; then the bot is killed, and both matches arrive once."""
    async with opened_page() as page:
        ada, priya, desk = Client(page, "ada"), Client(page, "priya"), Desk(page)
        await desk.press(TITLES["crash"])
        await page.get_by_text("two people have to be available").wait_for()
        await ada.becomes_available()
        await priya.becomes_available()
        await ada.reads("You're matched with Priya Raman")
        await priya.reads("You're matched with Ada Example")
        await desk.press(TITLES["crash"])
        await desk.sees_bot("starting")
        await desk.sees_bot("running")
        for person in (ada, priya):
            await (
                person.feed.locator("article", has_text="matched with")
                .nth(1)
                .wait_for(timeout=TIMEOUT)
            )
            assert await person.counts("matched with") == 2
        assert await page.get_by_text("two people have to be available").count() == 0


@AGAIN
async def test_a_restart_is_hardly_noticed(time: int) -> None:
    """A command during the restart fails as in Slack; who was available is matched afterwards."""
    async with opened_page() as page:
        ada, priya, desk = Client(page, "ada"), Client(page, "priya"), Desk(page)
        await ada.becomes_available()
        await ada.sees("You're available in First Network Session")
        await desk.press(TITLES["restart"])
        await desk.sees_bot("starting")
        await priya.types("/networking help")
        await priya.sees("dispatch_failed")
        await desk.sees_bot("running")
        await priya.becomes_available()
        await ada.reads("You're matched with Priya Raman")
        await priya.reads("You're matched with Ada Example")


def test_every_fault_of_the_desk_is_clicked() -> None:
    """A fault that is added to the desk needs a test here."""
    clicked = {"full", "ticket", "expired", "down", "slow", "limited", "crash", "restart"}
    assert set(TITLES) == clicked
