"""Single values: times, URLs and texts."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from slackbot.accelevents import parsing


@pytest.mark.parametrize(
    "value",
    [
        "2021/12/20 05:36",
        "2021/12/20 05:36:00",
        "2021-12-20 05:36:00",
        "2021-12-20 05:36",
        "20/12/2021 05:36:00",
        "2021-12-20T05:36:00",
        "2021-12-20T10:36:00Z",
        1639996560000,
        "1639996560000",
        " 2021-12-20T11:36+01:00 ",
    ],
)
def test_spellings_of_a_time(value: object):
    """Every format seen on the platform is read; without a zone, in the configured one."""
    new_york = ZoneInfo("America/New_York")
    assert parsing.timestamp(value, new_york) == datetime(2021, 12, 20, 10, 36, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        "",
        "soon",
        "2021-12-20",
        "20211220",
        "2021/13/40 99:99",
        12,
        -1,
        1e309,
        float("nan"),
        [],
        {},
        "0001/01/01 00:00 ",
        10**40,
        "9" * 5000,
    ],
)
def test_what_is_no_time(value: object):
    """A value that is no time is unknown, and never an error."""
    assert parsing.timestamp(value, ZoneInfo("Pacific/Kiritimati")) is None


def test_hours_that_clocks_change():
    """An hour that is skipped or occurs twice is read, as the first of both."""
    new_york = ZoneInfo("America/New_York")
    assert parsing.timestamp("2021/11/07 01:30", new_york) == datetime(
        2021, 11, 7, 5, 30, tzinfo=UTC
    )
    assert parsing.timestamp("2021/03/14 02:30", new_york) == datetime(
        2021, 3, 14, 7, 30, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://images.example/a.png", True),
        (" https://images.example/a.png ", True),
        ("http://images.example/a.png", False),
        ("https:///a.png", False),
        ("https://[::1", False),
        ("https://user@images.example/a.png", False),
        ("https://images.example/a b.png", False),
        ("https://images.example/" + "a" * 3000, False),
        ("a.png", False),
        ("javascript:alert(1)", False),
    ],
)
def test_pictures(url: str, kept: bool):
    """A picture needs an https URL with a host."""
    assert (parsing.https_url(url) == url.strip()) is kept


def test_texts_are_made_safe_to_keep():
    """NUL and lone surrogates, which databases and Slack refuse, are removed."""
    kept = parsing.text("A\x00na \ud800")
    assert kept is not None
    assert "\x00" not in kept
    kept.encode()
    assert len(parsing.text("x" * 10_000) or "") == 300
