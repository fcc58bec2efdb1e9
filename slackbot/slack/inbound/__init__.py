"""Requests from Slack: over HTTP or Socket Mode, to the listeners."""
