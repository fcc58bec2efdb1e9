"""Slack on one machine: as strict as the real one, and everything it does can be inspected."""

from slackbot.sandbox.slack.bot_client import BotResponse
from slackbot.sandbox.slack.errors import CannotDo
from slackbot.sandbox.slack.faults import Fault
from slackbot.sandbox.slack.screen import Button, ScreenItem
from slackbot.sandbox.slack.server import Slack
from slackbot.sandbox.slack.user import User

__all__ = ["BotResponse", "Button", "CannotDo", "Fault", "ScreenItem", "Slack", "User"]
