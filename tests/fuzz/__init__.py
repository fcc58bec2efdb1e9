"""Junk of every kind, generated from a seed, thrown at the bot and counted.

`python -m tests.fuzz` (or `make fuzz`) throws all of it; pytest throws a part.
"""
