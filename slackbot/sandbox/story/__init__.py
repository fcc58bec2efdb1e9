"""`slackbot demo`: the whole mission with three people, run on this machine and shown as text.

The bot runs in its own process; Slack and Accelevents are the sandbox's. `runner.py` starts and
stops everything, the modules in `_demo` hold the steps, and `rendering.py` shows them.
"""

from slackbot.sandbox.story.runner import play

__all__ = ["play"]
