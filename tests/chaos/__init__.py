"""A nemesis against real processes: matches told ÷ matches made = 1, told twice = 0."""
