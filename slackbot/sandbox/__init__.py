"""The outside world on one machine, for the demo and the tests; knows nothing of the bot."""
