"""Messages, views and responses that are sent to Slack within its rate limits."""
