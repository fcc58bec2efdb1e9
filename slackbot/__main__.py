"""Entry point for `python -m slackbot`."""

from slackbot.cli.main import main

main()
