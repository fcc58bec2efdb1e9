"""Entry point for `slackbot` and `python -m slackbot`."""

from __future__ import annotations

import signal
import sys
from typing import NoReturn


def _end(number: int, _frame: object) -> NoReturn:
    sys.exit(128 + number)


def main() -> None:
    """Run the command line, which SIGTERM ends with status 143 until a command handles it.

    The kernel ignores the signal for the first process of a container that has no handler.
    """
    signal.signal(signal.SIGTERM, _end)
    from slackbot.cli.main import main as command_line

    command_line()


if __name__ == "__main__":
    main()
