"""Listeners by kind of input; each module has `register(app, …)`.

Bolt runs with `process_before_response=True`: a reply leaves when its listener returns, so nothing
may follow `ack()` in a listener, and slow work runs as a background task.
"""
