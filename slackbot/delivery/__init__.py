"""Durable delivery of notices, behind the port `Delivery`."""
