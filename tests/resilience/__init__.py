"""Bad peers and slow days, with the whole bot.

As part of all tests a short form runs. `make resilience` (`FAULTS=full`) runs the sizes that are
promised, which takes some minutes, and prints its figures.
"""
