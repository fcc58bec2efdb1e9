"""Messages, views and answers to Slack, within its rate limits."""
