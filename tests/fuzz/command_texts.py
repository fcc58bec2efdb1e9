"""Texts after the slash command: any characters at all."""

from __future__ import annotations

import json
import random
import re
import unicodedata
from collections.abc import Iterator
from typing import Any, Final

from slackbot.domain.text import clean, fold
from slackbot.slack.command import (
    ALIASES,
    ARGUMENT_LIMIT,
    PHRASE_LIMIT,
    Command,
    Name,
    SecretTyped,
    Unknown,
    from_action,
    parse,
)
from tests.fuzz import mutations
from tests.fuzz.result import Result
from tests.fuzz.target import Target

LONGEST: Final = 3_000  # characters of a text
BLOCK: Final = 0x80  # code points in a block
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
# A mention or a link; the bot's own date tokens are neither.
LINKS: Final = re.compile(r"<(?!!date\^)[!@#h]")
MARKUP: Final = (
    "<!channel>",
    "<@U0PRIYA|p>",
    "<#C0GENERAL|g>",
    "<https://x.example|y>",
    "&lt;",
    "*_~`>",
)


def of_block(start: int, rng: random.Random) -> str:
    """Return characters of one block of 128 code points, surrogates included."""
    return "".join(chr(start + rng.randrange(BLOCK)) for _ in range(rng.randint(1, 40)))


def look_alike(rng: random.Random) -> str:
    """Return a command with one letter replaced by a look-alike."""
    word = rng.choice([w for w in WORDS if w])
    index = rng.randrange(len(word))
    letter = rng.choice(LOOK_ALIKES.get(word[index], "\u0301"))
    return word[:index] + letter + word[index + 1 :]


def framed(rng: random.Random) -> str:
    """Return a command in marks, quotes, odd case or odd space."""
    word = rng.choice(WORDS)
    word = rng.choice([word, word.upper(), word.title(), word.swapcase()])
    mark = rng.choice([MARKS, QUOTES, CONTROLS, " \u00a0\u2003\u3000\t\n"])
    around = [rng.choice(mark) for _ in range(rng.randint(1, 4))]
    return rng.choice([word + "".join(around), "".join(around) + word, word.join(around[:2])])


def text(number: int, rng: random.Random) -> str:
    """Return the text with this number; together they cover every block of Unicode."""
    start = number * BLOCK % 0x110000
    pieces = [
        of_block(start, rng),
        look_alike(rng),
        framed(rng),
        rng.choice(WORDS),
        rng.choice(MARKUP),
        str(rng.choice([11645, -1, 0, 2**64, 10**30])),
    ]
    made = [of_block(start, rng), *(rng.choice(pieces) for _ in range(rng.randint(0, 6)))]
    rng.shuffle(made)
    whole = rng.choice(["", " ", "\n"]).join(made)
    if rng.random() < 0.05:
        whole = (whole + " ") * (LONGEST // (len(whole) + 1))
    return whole[: rng.choice([LONGEST, LONGEST, rng.randint(0, 60)])]


def _parsed_correctly(typed: str) -> bool:
    """Return True if the text is a secret, an unknown word, or the command that was typed."""
    parsed = parse(typed)
    if isinstance(parsed, SecretTyped):
        return True
    words = clean(typed).split()
    if isinstance(parsed, Unknown):
        return [parsed.word] == words[:1] and parsed.nearest in {"", *Name}
    # The first word, or several of them together.
    counts = range(1, PHRASE_LIMIT + 1)
    starts = ["".join(fold(word, emoji=False) for word in words[:n]) for n in counts]
    # The command may stand before a bot's name, a colon or an equals sign.
    starts += [fold(part, emoji=False) for part in re.split("[@:=]", "".join(words[:1]))[:1]]
    names = {**{n.value: n for n in Name}, **ALIASES, "?": Name.HELP}
    known = not words or any(
        names.get(start.replace(" ", "")) is parsed.name for start in [*starts, words[0][:1]]
    )
    if parsed.name is Name.JOIN and not known:  # `register` with a session
        known = any(start.replace(" ", "") in {"register", "signup"} for start in starts)
    bounded = len(parsed.argument) <= ARGUMENT_LIMIT
    return known and bounded and isinstance(parse(parsed.text), Command | SecretTyped)


def _parsed_by_slack(answer: Any) -> Iterator[str]:
    """Yield the texts of a response in which Slack reads markup."""
    yield str(answer.get("text", ""))
    for path in mutations.paths(answer):
        value = mutations.value_at(answer, path)
        if isinstance(value, dict) and value.get("type") == "mrkdwn":
            yield value["text"]


def parse_texts(tries: int, seed: int) -> Result:
    """Parse each: it is the command that was typed, an unknown word, or a secret."""
    rng, result = random.Random(seed), Result("command texts, parsed")
    for number in range(tries):
        typed = text(number, rng)
        result.tried += 1
        try:
            good = _parsed_correctly(typed)
            from_action(typed)
            result.answers[type(parse(typed)).__name__] += 1
        except Exception as error:  # noqa: BLE001 - a finding
            result.record("unhandled", f"{error!r} {typed!r}")
            continue
        if not good:
            result.record("wrong", repr(typed))
    return result


def blocks_of_unicode(tries: int) -> int:
    """Return the number of blocks with assigned characters that this many texts cover."""
    covered = {number * BLOCK % 0x110000 for number in range(tries)}
    assigned = {
        start
        for start in range(0, 0x110000, BLOCK)
        if any(unicodedata.category(chr(start + n)) not in {"Cn", "Co", "Cs"} for n in range(BLOCK))
    }
    return len(covered & assigned)


async def typed_commands(target: Target, tries: int, seed: int) -> Result:
    """Send a sample to the whole bot: each is answered, mentions nobody, changes no row."""
    rng, result = random.Random(seed), Result("command texts, through the whole bot")
    state = target.state()
    for _ in range(tries):
        typed = text(rng.randrange(10**6), rng)
        parsed = parse(typed)
        if isinstance(parsed, Command) and parsed.name in {Name.DISCONNECT, Name.AVAILABLE}:
            continue
        result.tried += 1
        try:
            status, body = await target.command(typed)
        except Exception as error:  # noqa: BLE001 - a finding
            result.record("unhandled", f"{error!r} {typed!r}")
            continue
        result.answers[str(status)] += 1
        await target.wait_until_idle()
        if status != 200 or any(map(LINKS.search, _parsed_by_slack(json.loads(body or b"{}")))):
            result.record("wrong", f"{status} {typed!r} {body[:200]!r}")
        for line in target.log_errors():
            result.record("unhandled", f"{line} {typed!r}")
        if target.state() != state:
            result.record("changed", repr(typed))
            state = target.state()
        target.clear_records()
    return result
