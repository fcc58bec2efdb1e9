"""Hours of an event's life, and what it leaves in the processes: `make soak`."""
