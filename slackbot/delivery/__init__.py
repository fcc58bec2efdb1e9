"""Durable delivery of notices, which implements the `Delivery` port."""
