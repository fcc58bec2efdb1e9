"""What Slack sends, by kind; each module has `register(app, …)`.

Bolt runs with `process_before_response=True`: a reply leaves when its listener returns, so nothing
may follow `ack()` in a listener, and slow work is a task of `services/background.py`.
"""
