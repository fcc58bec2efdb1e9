"""`python -m tests.browser.clicks`: the milliseconds from a click to its answer on the page.

The first click is the first that a person makes in a playground that was started a moment ago. An
answer is what the bot draws: the page, the bot and both simulated servers are part of the time.
"""

from __future__ import annotations

import asyncio
import os
import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import click

from tests.browser.chromium import running_browsers
from tests.browser.clients import DESKTOP, TIMEOUT, Client, page_of
from tests.harness.playground import playground

if TYPE_CHECKING:
    from playwright.async_api import Page

MUCH_LOAD: Final = 0.5  # waiting processes for each processor, above which figures mean little


async def first_click(page: Page) -> float:
    """Open Home in a fresh playground; return the time until the bot has drawn it."""
    ada = Client(page, "ada")
    await ada.times(ada.pane.locator("[data-tab=home]"))
    await ada.sees("Short one-to-one talks")
    return ada.answers[0]


async def later_clicks(page: Page) -> list[float]:
    """Connect, list, join, become available and pause; return the time of each answer."""
    ada = Client(page, "ada")
    await ada.presses("Connect")
    modal = ada.pane.get_by_role("dialog")
    await modal.get_by_role("button", name="Paste magic link").click()
    await modal.locator("button[type=submit]").click()
    await modal.wait_for(state="detached", timeout=TIMEOUT)
    await ada.go("channel")
    await ada.types("/networking sessions")
    await ada.sees("Networking now")
    await ada.times(ada.feed.locator(".button", has_text="Join").first)
    await ada.sees("You've joined")
    await ada.presses("I'm available")
    await ada.sees("You're available in")
    await ada.presses("Pause")
    await ada.sees("Paused.")
    return ada.answers


async def measure(times: int) -> tuple[list[float], list[float]]:
    """Start that many playgrounds, one after the other; return the first and the later clicks."""
    first: list[float] = []
    later: list[float] = []
    for number in range(1, times + 1):
        async with (
            playground() as (_, address),
            running_browsers() as browsers,
            page_of(browsers, address, viewport=DESKTOP) as page,
        ):
            first.append(await first_click(page))
            later += await later_clicks(page)
        click.echo(f"{number} of {times}: first click {first[-1]:.0f} ms", err=True)
    return first, later


def line(name: str, milliseconds: Sequence[float]) -> str:
    """Return the median and the 95th percentile in words."""
    ordered = sorted(milliseconds)
    worst = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    middle = statistics.median(ordered)
    return f"{name:<12} p50 {middle:4.0f} ms   p95 {worst:4.0f} ms   of {len(ordered)}"


@click.command()
@click.option("--times", default=10, show_default=True, help="Playgrounds, one after the other.")
def main(*, times: int) -> None:
    """Print how long people wait for the bot after a click, at first and later."""
    busy = os.getloadavg()[0] / (os.cpu_count() or 1)
    first, later = asyncio.run(measure(times))
    click.echo(line("first click", first))
    click.echo(line("later clicks", later))
    if busy > MUCH_LOAD:
        click.echo(f"The machine was busy ({busy:.1f} waiting processes for each processor).")


if __name__ == "__main__":
    main()
