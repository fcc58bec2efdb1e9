"""Titles as devices and Slack would type them, and titles that are none but titles."""

from __future__ import annotations

import random

from slackbot.domain.credentials import holds_secret
from slackbot.domain.errors import SlackbotError
from slackbot.domain.sessions import choose
from slackbot.domain.text import clean
from slackbot.slack.command import Command, parse
from tests.fuzz.result import Result
from tests.harness.fakes import NOON, session
from tests.harness.typing import WAYS, compound, title

EVENT_SIZE = 50  # sessions of an event


def typed_titles(titles: int, seed: int) -> Result:
    """Type each title in every way: the session is found among those of its event."""
    rng, result = random.Random(seed), Result("titles, typed in every way")
    for start in range(0, titles, EVENT_SIZE):
        numbers = range(start + 1, min(start + EVENT_SIZE, titles) + 1)
        sessions = [session(100_000 + number, title(rng, number)) for number in numbers]
        for wanted in sessions:
            for name, way in WAYS.items():
                result.tried += 1
                parsed = parse(f"join {way(wanted.title)}")
                query = parsed.argument if isinstance(parsed, Command) else ""
                try:
                    found = choose(sessions, query, NOON)
                except SlackbotError as error:
                    result.record("wrong", f"{type(error).__name__} {name} {wanted.title!r}")
                    continue
                if found != wanted:
                    result.record("wrong", f"{name} {wanted.title!r} {found.title!r}")
    return result


def ordinary_titles(titles: int, seed: int) -> Result:
    """Look for a secret in titles of words and in titles of one compound word."""
    rng, result = random.Random(seed), Result("titles, taken for a secret")
    for number in range(titles):
        for typed in (title(rng, number), compound(rng), clean(f"join {compound(rng)}")):
            result.tried += 1
            if holds_secret(typed):
                result.record("wrong", repr(typed))
    return result
