"""The call page: a static page for everybody, and a session for one browser."""
