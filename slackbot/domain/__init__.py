"""The rules of the bot, pure: no input or output, no clock, no randomness."""
