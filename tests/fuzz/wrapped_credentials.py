"""Tokens and magic links in everything that mail programs, people and tools put around them."""

from __future__ import annotations

import random

from slackbot.domain.credentials import holds_secret, read_credential, read_event
from slackbot.domain.errors import InputError
from tests.fuzz.result import Result
from tests.harness.wrapping import AROUND, AROUND_LINKS, AROUND_TOKENS, magic_link, token


def wrapped_credentials(tries: int, seed: int) -> Result:
    """Read each in every wrapping: the secret is found, and noticed where it does not belong."""
    rng, result = random.Random(seed), Result("credentials, wrapped")
    for _ in range(tries):
        link, key = magic_link(rng)
        bare = token(rng)
        cases = [(name, way(link), key) for name, way in (AROUND | AROUND_LINKS).items()]
        cases += [(name, way(bare), bare) for name, way in (AROUND | AROUND_TOKENS).items()]
        for name, pasted, secret in cases:
            result.tried += 1
            try:
                found = read_credential(pasted).secret
            except InputError as error:
                found = str(error)
            if found != secret:
                result.record("wrong", f"{name} {pasted!r} {found!r}")
            if not holds_secret(pasted):
                result.record("wrong", f"{name} {pasted!r} was not noticed")
    return result


def wrapped_event_links(tries: int, seed: int) -> Result:
    """Read the event of each link in every wrapping."""
    rng, result = random.Random(seed), Result("event links, wrapped")
    ways = {name: way for name, way in (AROUND | AROUND_LINKS).items() if name != "soft hyphens"}
    for number in range(tries):
        slug = f"{rng.choice(('demo', 'My-Event', 'b2b_saas'))}-{number}"
        link = f"https://www.accelevents.com/{rng.choice(('e', 'events'))}/{slug}/portal?tab=1&x=2"
        for name, way in ways.items():
            result.tried += 1
            try:
                found = read_event(way(link))
            except InputError as error:
                found = str(error)
            if found != slug:
                result.record("wrong", f"{name} {way(link)!r} {found!r}")
    return result
