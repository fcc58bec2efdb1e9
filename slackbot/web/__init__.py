"""The HTTP server: Slack's requests, the call page, health checks."""
