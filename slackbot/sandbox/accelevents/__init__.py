"""The Accelevents platform on one machine: REST API, Socket.IO server and control API.

An independent implementation of the documented platform; it knows nothing of the bot.
"""

from slackbot.sandbox.accelevents.app import Accelevents
from slackbot.sandbox.accelevents.event import Session
from slackbot.sandbox.accelevents.knobs import Knobs
from slackbot.sandbox.accelevents.match_payloads import SHAPES
from slackbot.sandbox.accelevents.pairing import Pairing

__all__ = ["SHAPES", "Accelevents", "Knobs", "Pairing", "Session"]
