"""The rounds and their sizes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from tests.fuzz import forged, headers, payloads, platform, texts
from tests.fuzz.count import Count
from tests.fuzz.target import Target, target
from tests.harness.output import printed

AtBot = Callable[[Target, int, int], Awaitable[Count]]
"""A round against the whole bot: target, tries, seed."""
AT_BOT: Final[dict[str, tuple[AtBot, int, float]]] = {
    "bad_headers": (headers.bad_headers, 12_000, 0.1),
    "mutated_payloads": (payloads.mutated_payloads, 21_000, 0.03),
    "typed_commands": (texts.typed_commands, 1_500, 0.05),
    "forged_ids": (forged.forged_ids, 1_200, 0.1),
    "forged_by_members": (forged.forged_by_members, 400, 0.1),
}
"""The round, how many tries, and the share of them that `make check` throws."""


async def _bodies(tries: int, seed: int) -> Count:
    return platform.mutated_bodies(tries, seed)


async def _texts(tries: int, seed: int) -> Count:
    return texts.command_texts(tries, seed)


ALONE: Final[dict[str, tuple[Callable[[int, int], Awaitable[Count]], int, float]]] = {
    "mutated_bodies": (_bodies, 21_000, 0.1),
    "mutated_answers": (platform.mutated_answers, 6_000, 0.1),
    "command_texts": (_texts, 60_000, 0.2),
}
ROUNDS: Final = (*AT_BOT, *ALONE)


async def thrown(name: str, folder: Path, share: float | None, seed: int) -> Count:
    """One round; `share` of its tries, by default that of `make check`."""
    if name in ALONE:
        alone, tries, part = ALONE[name]
        with printed(level="error"):
            return await alone(int(tries * (part if share is None else share)), seed)
    at_bot, tries, part = AT_BOT[name]
    async with target(folder) as bot:
        return await at_bot(bot, int(tries * (part if share is None else share)), seed)
