"""Seeing to it that notices arrive; behind the port `Delivery`."""
