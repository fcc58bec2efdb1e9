"""Negative controls: with one thing broken the end-to-end test fails, at the right step."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from tests.browser.end_to_end import run_through
from tests.browser.harness import ADA, NAMES, PRIYA, Harness

SECONDS = 6.0  # timeout of the step that must fail


async def _without_the_media_host(harness: Harness) -> dict[str, str]:
    """Remove the media host from the page's security policy."""
    harness.browsers.remove_from_policy("ws://127.0.0.1")
    return {name: await harness.follow(name) for name in NAMES}


async def _wrong_person(harness: Harness) -> dict[str, str]:
    """Let Ada's token join as Priya."""
    attendees = harness.mission.platform.chime.attendees
    mine, theirs = (harness.token(name) for name in (ADA, PRIYA))
    attendees[mine] = attendees[theirs]
    return {name: await harness.follow(name) for name in NAMES}


async def _mute_not_relayed(harness: Harness) -> dict[str, str]:
    """Let the media plane ignore mutes."""
    harness.plane.knobs.relay_mute = False
    return {name: await harness.follow(name) for name in NAMES}


async def _one_link_for_two(harness: Harness) -> dict[str, str]:
    """Give Priya Ada's link, which she opens in her own browser."""
    link = await harness.follow(ADA)
    return {ADA: link, PRIYA: link}


@dataclass(frozen=True)
class Control:
    """One broken thing, the step that must fail, and a pattern of its message."""

    sabotage: Callable[[Harness], Awaitable[dict[str, str]]]
    step: str
    message: str


CONTROLS = {
    "media host missing from the policy": Control(
        _without_the_media_host,
        "join",
        r"dataset\.link === 'started'[\s\S]*Content Security Policy",
    ),
    "wrong person behind the token": Control(
        _wrong_person, "picture", r"remote\.live[\s\S]*Waiting for Ada"
    ),
    "mute not relayed": Control(_mute_not_relayed, "mute", r"\.remote \.muted"),
    "link used in a second browser": Control(
        _one_link_for_two, "lobby", r"'lobby'[\s\S]*open in another browser"
    ),
}


@pytest.mark.parametrize("name", CONTROLS)
async def test_one_broken_thing_fails_its_own_step(harness: Harness, name: str) -> None:
    """The end-to-end test detects each of these, at the step concerned."""
    control = CONTROLS[name]
    await harness.match()
    links = await control.sabotage(harness)
    with pytest.raises(AssertionError, match=control.message):
        await run_through(harness, links=links, seconds={control.step: SECONDS})
