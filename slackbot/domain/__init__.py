"""What the bot is about, without any input or output: no clock, no network, no randomness."""
