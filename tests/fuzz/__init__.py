"""Fuzzing: malformed input of every kind, generated from a seed, sent to the bot and counted.

`python -m tests.fuzz` (or `make fuzz`) runs all of it; pytest runs a part.
"""
