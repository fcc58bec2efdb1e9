"""Settings with a value for each of several events."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from slackbot.domain.event_options import event_names, event_time_zones


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("", {}),
        (" ; ", {}),
        ("demo=Demo Summit", {"demo": "Demo Summit"}),
        ("Demo = A, B & C=D ;", {"demo": "A, B & C=D"}),
        ("demo=Demo Summit; expo=Expo", {"demo": "Demo Summit", "expo": "Expo"}),
    ],
)
def test_names(value: str, names: dict[str, str]):
    """A name may contain commas and equals signs, and slugs are compared without their case."""
    assert event_names(value) == names


@pytest.mark.parametrize(
    "value", ["Demo Summit", "demo=", "=Demo", "demo=A;demo=B", f"demo={'x' * 81}"]
)
def test_values_that_are_no_names(value: str):
    """They are refused, and the message does not repeat them."""
    with pytest.raises(ValueError, match=r"^(is not a list|names an event twice|has a name of)"):
        event_names(value)


def test_time_zones():
    """Each event has its own."""
    zones = event_time_zones("demo=Europe/Berlin, expo=Asia/Tokyo")
    assert zones == {"demo": ZoneInfo("Europe/Berlin"), "expo": ZoneInfo("Asia/Tokyo")}
