"""Web API calls to Slack, within its rate limits."""
