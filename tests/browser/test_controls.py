"""What the road is worth: break one thing, and it does not go through, where it should not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from tests.browser.evening import ADA, NAMES, PRIYA, Evening
from tests.browser.road import walk

SECONDS = 6.0  # for the step that is not to come


async def _without_the_media_host(evening: Evening) -> dict[str, str]:
    """The page's security policy does not name where the media is."""
    evening.visitors.remove_from_policy("ws://127.0.0.1")
    return {name: await evening.follow(name) for name in NAMES}


async def _wrong_person(evening: Evening) -> dict[str, str]:
    """Ada's token lets its bearer in as Priya."""
    attendees = evening.mission.platform.chime.attendees
    mine, theirs = (evening.token(name) for name in (ADA, PRIYA))
    attendees[mine] = attendees[theirs]
    return {name: await evening.follow(name) for name in NAMES}


async def _mute_kept_back(evening: Evening) -> dict[str, str]:
    """The media plane tells nobody that somebody is muted."""
    evening.plane.knobs.relay_mute = False
    return {name: await evening.follow(name) for name in NAMES}


async def _one_link_for_two(evening: Evening) -> dict[str, str]:
    """Priya is sent Ada's link, and opens it in her own browser."""
    link = await evening.follow(ADA)
    return {ADA: link, PRIYA: link}


@dataclass(frozen=True)
class Control:
    """One broken thing, and what the road says where it stops."""

    broken: Callable[[Evening], Awaitable[dict[str, str]]]
    step: str
    stops_at: str


CONTROLS = {
    "media host missing from the policy": Control(
        _without_the_media_host,
        "join",
        r"dataset\.link === 'started'[\s\S]*Content Security Policy",
    ),
    "wrong person behind the token": Control(
        _wrong_person, "picture", r"remote\.live[\s\S]*Waiting for Ada"
    ),
    "mute not relayed": Control(_mute_kept_back, "mute", r"\.remote \.muted"),
    "link used in a second browser": Control(
        _one_link_for_two, "lobby", r"'lobby'[\s\S]*open in another browser"
    ),
}


@pytest.mark.parametrize("name", CONTROLS)
async def test_with_one_thing_broken_the_road_ends_there(evening: Evening, name: str) -> None:
    """The road itself notices each of these, at the step that it is about."""
    control = CONTROLS[name]
    await evening.match()
    links = await control.broken(evening)
    with pytest.raises(AssertionError, match=control.stops_at):
        await walk(evening, links=links, seconds={control.step: SECONDS})
