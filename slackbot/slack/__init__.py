"""The interface to Slack, which handles its requests and sends messages."""
