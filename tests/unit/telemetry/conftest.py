"""What the tests of the logging share."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.harness.output import printed

Printing = Callable[..., io.StringIO]


@pytest.fixture
def printing() -> Iterator[Printing]:
    """Set logging up as `slackbot run` does; gives what it prints."""
    with ExitStack() as open_until_the_end:
        yield lambda *args, **options: open_until_the_end.enter_context(printed(*args, **options))
