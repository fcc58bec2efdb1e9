"""`python -m slackbot`."""

from slackbot.cli import main

main()
