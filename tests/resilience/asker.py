"""Sends signed slash commands one after the other, from a process of its own, and times them.

Started as `python -m tests.resilience.asker URL SECRET FILE`, with the form on its standard input.
Each line of FILE is a JSON object: the status, the seconds until the answer was there, and when
that was on `time.monotonic`, which all processes share. It ends when it is terminated.
"""

from __future__ import annotations

import json
import sys
import time

import httpx

from slackbot.sandbox.slack.bot_client import FORM
from slackbot.sandbox.slack.signing import signed

PAUSE_SECONDS = 0.02


def main(url: str, secret: str, path: str) -> None:
    """Ask until terminated."""
    form = sys.stdin.read()
    with (
        open(path, "w", buffering=1, encoding="utf-8") as file,
        httpx.Client(trust_env=False, timeout=30.0) as client,
    ):
        while True:
            headers = {"content-type": FORM, **signed(form, secret)}
            began = time.monotonic()
            answer = client.post(url, content=form, headers=headers)
            at = time.monotonic()
            line = {"at": at, "status": answer.status_code, "seconds": at - began}
            file.write(json.dumps(line) + "\n")
            time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    main(*sys.argv[1:])
