"""`slackbot demo`: the whole mission with two people, run on this machine and shown as text.

The bot runs in its own process; Slack and Accelevents are the sandbox's. `runner.py` starts and
stops everything, `match_demo.py` and `fault_demo.py` hold the steps, `rendering.py` shows them.
"""

from slackbot.sandbox.story.runner import play

__all__ = ["play"]
