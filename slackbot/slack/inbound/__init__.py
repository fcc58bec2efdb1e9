"""Requests from Slack, which arrive over HTTP or Socket Mode."""
