"""Everything Slack: its requests in, our words and messages out."""
