"""How much Slack takes, in characters; what is longer is cut before it is sent."""

from __future__ import annotations

from typing import Final

TEXT_LIMIT: Final = 3900
"""The text beside the blocks; Slack's own limit is 4,000."""
BUTTON_LIMIT: Final = 75
"""A button's text, and what a screen reader says instead."""
VALUE_LIMIT: Final = 2000
"""A button's value."""
URL_LIMIT: Final = 3000
"""A button's or a picture's address."""
