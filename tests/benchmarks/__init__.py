"""How fast the bot is beside what one would write without it: `python -m tests.benchmarks`."""
