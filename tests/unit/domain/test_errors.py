"""The tree of errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from slackbot.domain import errors
from slackbot.domain.errors import NextStep, SlackbotError
from tests.harness.fakes import session

ABSTRACT = {
    *("InputError", "PlatformError", "Refusal", "Unavailable", "MessageError"),
    "SessionError",  # shown as its cause
}
NEEDS: dict[str, tuple[Any, ...]] = {
    "NoSuchSession": ("tea",),
    "OtherEvent": ("tea-2026",),
    "AvailableElsewhere": ("tea", "Coffee"),
    "AmbiguousSession": ([session()],),
    "MessageRefused": ("message_not_found",),
    "ContentRefused": ("invalid_blocks",),
    "EditRefused": ("message_not_found",),
    "PersonUnreachable": ("user_disabled",),
    "MessageDelayed": ("ratelimited", 3.0),
    "MessageUnsure": ("no_answer",),
}


def below(root: type[SlackbotError]) -> Iterator[type[SlackbotError]]:
    for kind in root.__subclasses__():
        yield kind
        yield from below(kind)


LEAVES = [kind for kind in below(SlackbotError) if kind.__name__ not in ABSTRACT]


@pytest.mark.parametrize("kind", LEAVES, ids=lambda kind: kind.__name__)
def test_every_error_has_its_code_and_next_steps(kind: type[SlackbotError]):
    """Every error has a code and a next step, and is in the drawn tree."""
    error = kind(*NEEDS.get(kind.__name__, ()))
    assert error.code
    assert error.next_steps
    assert set(error.next_steps) <= set(NextStep)
    assert errors.__doc__ is not None
    assert "tea" not in f"{error!r} {error}"  # what somebody typed
    assert kind.__name__ in errors.__doc__


def test_no_two_errors_share_a_code():
    """A code belongs to one error, so that it can have one sentence."""
    codes = [kind.code for kind in LEAVES]
    assert len(set(codes)) == len(codes)


def test_an_error_carries_what_its_sentence_needs():
    """Query, candidates, limit of the ticket, session and seconds to wait reach the texts."""
    tea = session(8, "Tea")
    assert errors.NoSuchSession("tea").query == "tea"
    assert errors.AmbiguousSession([tea]).candidates == (tea,)
    limit = errors.TicketLimitReached(status=406, permitted=2)
    assert (limit.status, limit.permitted) == (406, 2)
    about_tea = errors.SessionError(tea, limit)
    assert (about_tea.session, about_tea.cause) == (tea, limit)
    delayed = errors.MessageDelayed("ratelimited", 3.0)
    assert (delayed.reason, delayed.seconds) == ("ratelimited", 3.0)
