"""The HTTP server for requests from Slack, the call page and health checks."""
