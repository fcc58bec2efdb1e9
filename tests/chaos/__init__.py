"""Chaos against real processes: matches sent ÷ matches made = 1, sent twice = 0."""
