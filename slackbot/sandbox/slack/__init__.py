"""Slack's side of the outside world, on one machine: strict where Slack is, and visible."""

from slackbot.sandbox.slack.errors import CannotDo
from slackbot.sandbox.slack.faults import Fault
from slackbot.sandbox.slack.outbound import Answer
from slackbot.sandbox.slack.person import Person
from slackbot.sandbox.slack.server import Slack
from slackbot.sandbox.slack.sight import Button, Seen

__all__ = ["Answer", "Button", "CannotDo", "Fault", "Person", "Seen", "Slack"]
