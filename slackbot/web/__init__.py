"""The HTTP side: where Slack's requests and health checks come in."""
