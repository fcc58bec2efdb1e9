"""What may be typed after the slash command: everything."""

from __future__ import annotations

import json
import random
import re
import unicodedata
from collections.abc import Iterator
from typing import Any, Final

from slackbot.slack.command import (
    ALIASES,
    ARGUMENT_LIMIT,
    Command,
    Name,
    SecretTyped,
    Unknown,
    from_action,
    parse,
)
from tests.fuzz import mutants
from tests.fuzz.count import Count
from tests.fuzz.target import Target

LONGEST: Final = 3_000
BLOCK: Final = 0x80
WORDS: Final = (*(name.value for name in Name), *ALIASES)
MARKS: Final = "".join(map(chr, [0xAD, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F)]))
QUOTES: Final = "'\"`\u2018\u2019\u201c\u201d\u00ab\u00bb\u201e\u2039\u203a\uff02"
CONTROLS: Final = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0)]))
LOOK_ALIKES: Final = {
    "a": "\u0430\uff41\u0251",
    "c": "\u0441\uff43",
    "e": "\u0435\uff45\u00e9",
    "i": "\u0456\u0131\u0130\uff49",
    "l": "\u04cf\uff4cI1",
    "o": "\u043e\uff4f0\u00f6",
    "p": "\u0440\uff50",
    "s": "\u0455\u017f\uff53\u1e9e",
    "t": "\uff54\u03c4",
    "u": "\uff55\u00fc",
}
LINKS: Final = re.compile(r"<(?!!date\^)[!@#h]")
"""A mention or a link; the bot's own date tokens are neither."""
SLACKS: Final = (
    "<!channel>",
    "<@U0PRIYA|p>",
    "<#C0GENERAL|g>",
    "<https://x.example|y>",
    "&lt;",
    "*_~`>",
)


def of_block(start: int, rng: random.Random) -> str:
    """Some characters of one stretch of Unicode, half characters included."""
    return "".join(chr(start + rng.randrange(BLOCK)) for _ in range(rng.randint(1, 40)))


def look_alike(rng: random.Random) -> str:
    """A command with a letter that only looks like its own."""
    word = rng.choice([w for w in WORDS if w])
    at = rng.randrange(len(word))
    return word[:at] + rng.choice(LOOK_ALIKES.get(word[at], "\u0301")) + word[at + 1 :]


def framed(rng: random.Random) -> str:
    """A command in marks, quotes, odd case or odd space."""
    word = rng.choice(WORDS)
    word = rng.choice([word, word.upper(), word.title(), word.swapcase()])
    mark = rng.choice([MARKS, QUOTES, CONTROLS, " \u00a0\u2003\u3000\t\n"])
    around = [rng.choice(mark) for _ in range(rng.randint(1, 4))]
    return rng.choice([word + "".join(around), "".join(around) + word, word.join(around[:2])])


def text(number: int, rng: random.Random) -> str:
    """The text of this number; together they touch every stretch of Unicode."""
    start = number * BLOCK % 0x110000
    pieces = [
        of_block(start, rng),
        look_alike(rng),
        framed(rng),
        rng.choice(WORDS),
        rng.choice(SLACKS),
        str(rng.choice([11645, -1, 0, 2**64, 10**30])),
    ]
    made = [of_block(start, rng), *(rng.choice(pieces) for _ in range(rng.randint(0, 6)))]
    rng.shuffle(made)
    whole = rng.choice(["", " ", "\n"]).join(made)
    if rng.random() < 0.05:
        whole = (whole + " ") * (LONGEST // (len(whole) + 1))
    return whole[: rng.choice([LONGEST, LONGEST, rng.randint(0, 60)])]


def _as_meant(typed: str) -> bool:
    """Whether the reading is one of the three, and the command one that was really typed."""
    asked = parse(typed)
    if isinstance(asked, SecretTyped):
        return True
    first = typed.split()[:1]
    if isinstance(asked, Unknown):
        return [asked.word] == first and asked.nearest in {"", *WORDS}
    known = not first or asked.name is {**{n.value: n for n in Name}, **ALIASES}.get(
        first[0].casefold()
    )
    bounded = len(asked.argument) <= ARGUMENT_LIMIT
    again = parse(asked.text)
    return known and bounded and isinstance(again, Command | SecretTyped)


def _parsed_by_slack(answer: Any) -> Iterator[str]:
    """The texts of an answer in which Slack reads markup."""
    yield str(answer.get("text", ""))
    for path in mutants.paths(answer):
        value = mutants.read(answer, path)
        if isinstance(value, dict) and value.get("type") == "mrkdwn":
            yield value["text"]


def command_texts(tries: int, seed: int) -> Count:
    """Each through the grammar: a command that was really typed, an unknown word, or a secret."""
    rng, count = random.Random(seed), Count("command texts, parsed")
    for number in range(tries):
        typed = text(number, rng)
        count.tried += 1
        try:
            good = _as_meant(typed)
            from_action(typed)
            count.answers[type(parse(typed)).__name__] += 1
        except Exception as error:  # noqa: BLE001 - this is what is looked for
            count.note("unhandled", f"{error!r} {typed!r}")
            continue
        if not good:
            count.note("wrong", repr(typed))
    return count


def blocks_of_unicode(tries: int) -> int:
    """How many stretches of 128 characters, of those with any assigned, so many texts touch."""
    touched = {number * BLOCK % 0x110000 for number in range(tries)}
    assigned = {
        start
        for start in range(0, 0x110000, BLOCK)
        if any(unicodedata.category(chr(start + n)) not in {"Cn", "Co", "Cs"} for n in range(BLOCK))
    }
    return len(touched & assigned)


async def typed_commands(target: Target, tries: int, seed: int) -> Count:
    """A sample through the whole bot: an answer each, nobody mentioned, no row changed."""
    rng, count = random.Random(seed), Count("command texts, through the whole bot")
    state = target.state()
    for _ in range(tries):
        typed = text(rng.randrange(10**6), rng)
        asked = parse(typed)
        if isinstance(asked, Command) and asked.name in {Name.DISCONNECT, Name.AVAILABLE}:
            continue
        count.tried += 1
        try:
            status, said = await target.command(typed)
        except Exception as error:  # noqa: BLE001 - this is what is looked for
            count.note("unhandled", f"{error!r} {typed!r}")
            continue
        count.answers[str(status)] += 1
        await target.settled()
        if status != 200 or any(map(LINKS.search, _parsed_by_slack(json.loads(said or b"{}")))):
            count.note("wrong", f"{status} {typed!r} {said[:200]!r}")
        for line in target.defects():
            count.note("unhandled", f"{line} {typed!r}")
        if target.state() != state:
            count.note("changed", repr(typed))
            state = target.state()
        target.forget_traffic()
    return count
