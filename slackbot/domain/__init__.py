"""The bot's rules as pure functions and values, without I/O, a clock or randomness."""
