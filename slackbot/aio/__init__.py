"""Small building blocks for async code."""
