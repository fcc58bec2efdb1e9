"""The use cases. They depend on the domain and its ports, not on HTTP, SQL or Slack."""
