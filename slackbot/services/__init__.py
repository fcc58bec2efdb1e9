"""The use cases. They know the domain and its ports, and nothing of HTTP, SQL or Slack."""
