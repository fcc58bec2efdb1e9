"""Validators that Block Kit's schemas are composed of.

A rule takes a value and its JSON pointer, and yields its problems.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from urllib.parse import urlsplit

from slackbot.sandbox.slack.errors import Json

Problems = Iterator[str]
Rule = Callable[[object, str], Problems]
Also = Callable[[Json, str], Problems]
_UNLIMITED = 10**9


def at(what: str, where: str) -> str:
    """Return a problem in Slack's wording."""
    return f"{what} [json-pointer:{where or '/'}]"


def string(most: int = _UNLIMITED, least: int = 1) -> Rule:
    """Accept a string of `least` to `most` characters."""

    def check(value: object, where: str) -> Problems:
        if not isinstance(value, str):
            yield at("must be a string", where)
        elif len(value) < least:
            yield at(f"must be more than {least - 1} characters", where)
        elif len(value) > most:
            yield at(f"must be less than {most + 1} characters", where)

    return check


def url(most: int = 3000) -> Rule:
    """Accept an http or https URL."""
    length = string(most)

    def check(value: object, where: str) -> Problems:
        yield from length(value, where)
        if isinstance(value, str) and not web_address(value):
            yield at("must be a valid http or https URL", where)

    return check


def web_address(value: str) -> bool:
    """Return whether a browser would open this address."""
    try:
        parts = urlsplit(value)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and " " not in value
    except ValueError:
        return False


def boolean(value: object, where: str) -> Problems:
    """Accept a boolean."""
    if not isinstance(value, bool):
        yield at("must be a boolean", where)


def integer(least: int = 0, most: int = _UNLIMITED * 100) -> Rule:
    """Accept an integer in a range, both ends included."""

    def check(value: object, where: str) -> Problems:
        if not isinstance(value, int) or isinstance(value, bool):
            yield at("must be an integer", where)
        elif not least <= value <= most:
            yield at(f"must be between {least} and {most}", where)

    return check


def one_of(*allowed: object) -> Rule:
    """Accept one of these values."""

    def check(value: object, where: str) -> Problems:
        if value not in allowed:
            yield at(f"must be one of {', '.join(map(str, allowed))}", where)

    return check


def listing(item: Rule, most: int, least: int = 1) -> Rule:
    """Accept a list of `least` to `most` items that follow a rule."""

    def check(value: object, where: str) -> Problems:
        if not isinstance(value, list):
            yield at("must be a list", where)
            return
        if len(value) < least:
            yield at(f"must have at least {least} items", where)
        if len(value) > most:
            yield at(f"no more than {most} items allowed", where)
        for index, member in enumerate(value):
            yield from item(member, f"{where}/{index}")

    return check


def record(
    fields: Mapping[str, Rule], needs: Collection[str] = (), also: Also | None = None
) -> Rule:
    """Accept an object with these fields only, of which `needs` are required."""

    def check(value: object, where: str) -> Problems:
        if not isinstance(value, dict):
            yield at("must be an object", where)
            return
        for key in needs:
            if value.get(key) is None:
                yield at(f"missing required field: {key}", where)
        for key, member in value.items():
            if key not in fields:
                yield at(f"invalid additional property: {key}", where)
            elif member is not None:
                yield from fields[key](member, f"{where}/{key}")
        if also is not None:
            yield from also(value, where)

    return check


def by_type(kinds: Mapping[str, Rule], what: str) -> Rule:
    """Accept an object whose `type` selects its rule."""

    def check(value: object, where: str) -> Problems:
        if not isinstance(value, dict):
            yield at("must be an object", where)
            return
        kind = value.get("type")
        rule = kinds.get(kind) if isinstance(kind, str) else None
        if rule is None:
            yield at(f"unsupported {what} type: {kind}", where)
        else:
            yield from rule(value, where)

    return check


def exactly_one(*keys: str) -> Also:
    """Accept exactly one of these keys."""

    def check(value: Json, where: str) -> Problems:
        if sum(value.get(key) is not None for key in keys) != 1:
            yield at(f"must have exactly one of {', '.join(keys)}", where)

    return check


def at_least_one(*keys: str) -> Also:
    """Accept an object in which at least one of these keys is not empty."""

    def check(value: Json, where: str) -> Problems:
        if not any(value.get(key) for key in keys):
            yield at(f"must have {' or '.join(keys)}", where)

    return check
