"""`slackbot demo`: the whole mission with two people, played on this machine and drawn.

The bot runs as a process of its own; Slack and Accelevents are the sandbox's. `playing.py` starts
and stops it all, `mission.py` and `mishaps.py` hold what happens, `drawing.py` how it looks.
"""

from slackbot.sandbox.story.playing import play

__all__ = ["play"]
