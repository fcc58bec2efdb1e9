"""The call page: a fixed page for everybody, and a session for one browser."""
