"""The Slack side: requests in, messages out."""
