"""`slackbot playground`: two people, Slack and Accelevents on one page of the browser.

The bot runs in its own process against the sandbox's Slack and Accelevents, as in the demo, but
here everybody types and clicks for themselves. `runner.py` starts and stops everything, `server.py`
serves the page behind `access.py`, `run.py` holds one run from a fresh start on. The page's scripts
need no build: the browser loads the files of `page/` as they are.
"""

from slackbot.sandbox.playground.runner import open_playground

__all__ = ["open_playground"]
