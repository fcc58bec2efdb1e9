"""The rounds of fuzzing, with their sizes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from tests.fuzz import (
    command_texts,
    forged,
    headers,
    payloads,
    platform,
    typed_titles,
    wrapped_credentials,
)
from tests.fuzz.result import Result
from tests.fuzz.target import Target, target
from tests.harness.output import printed

# A round against the whole bot: target, tries, seed.
BotRound = Callable[[Target, int, int], Awaitable[Result]]
# The round, its number of tries, and the share of them that `make check` runs.
BOT_ROUNDS: Final[dict[str, tuple[BotRound, int, float]]] = {
    "bad_headers": (headers.bad_headers, 12_000, 0.1),
    "mutated_payloads": (payloads.mutated_payloads, 21_000, 0.03),
    "typed_commands": (command_texts.typed_commands, 1_500, 0.05),
    "forged_ids": (forged.forged_ids, 1_200, 0.1),
    "forged_by_members": (forged.forged_by_members, 400, 0.1),
}


async def _bodies(tries: int, seed: int) -> Result:
    return platform.mutated_bodies(tries, seed)


async def _texts(tries: int, seed: int) -> Result:
    return command_texts.parse_texts(tries, seed)


async def _titles(tries: int, seed: int) -> Result:
    return typed_titles.typed_titles(tries, seed)


async def _ordinary(tries: int, seed: int) -> Result:
    return typed_titles.ordinary_titles(tries, seed)


async def _wrapped(tries: int, seed: int) -> Result:
    return wrapped_credentials.wrapped_credentials(tries, seed)


async def _wrapped_events(tries: int, seed: int) -> Result:
    return wrapped_credentials.wrapped_event_links(tries, seed)


# The same, for rounds against a part of it.
UNIT_ROUNDS: Final[dict[str, tuple[Callable[[int, int], Awaitable[Result]], int, float]]] = {
    "mutated_bodies": (_bodies, 21_000, 0.1),
    "mutated_answers": (platform.mutated_answers, 6_000, 0.1),
    "command_texts": (_texts, 60_000, 0.03),
    "typed_titles": (_titles, 10_000, 0.01),
    "ordinary_titles": (_ordinary, 10_000, 0.1),
    "wrapped_credentials": (_wrapped, 10_000, 0.005),
    "wrapped_event_links": (_wrapped_events, 10_000, 0.005),
}
ROUNDS: Final = (*BOT_ROUNDS, *UNIT_ROUNDS)


async def run_round(name: str, folder: Path, share: float | None, seed: int) -> Result:
    """Run a round; `share` of its tries, by default that of `make check`."""
    if name in UNIT_ROUNDS:
        unit_round, tries, part = UNIT_ROUNDS[name]
        with printed(level="error"):
            return await unit_round(int(tries * (part if share is None else share)), seed)
    bot_round, tries, part = BOT_ROUNDS[name]
    async with target(folder) as bot:
        return await bot_round(bot, int(tries * (part if share is None else share)), seed)
