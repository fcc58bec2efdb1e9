"""Utilities for asynchronous code."""
