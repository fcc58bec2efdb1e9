"""The Accelevents platform on one machine: REST API, Socket.IO server, and dials.

An implementation of the documented platform of its own; it knows nothing of the bot.
"""

from slackbot.sandbox.accelevents.dials import Dials
from slackbot.sandbox.accelevents.event import Session
from slackbot.sandbox.accelevents.pairing import Pairing
from slackbot.sandbox.accelevents.shapes import SHAPES
from slackbot.sandbox.accelevents.world import Accelevents

__all__ = ["SHAPES", "Accelevents", "Dials", "Pairing", "Session"]
