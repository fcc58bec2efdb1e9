"""The composition root: the only place that builds the real components."""
