"""Speed networking at Accelevents events, without leaving Slack."""
