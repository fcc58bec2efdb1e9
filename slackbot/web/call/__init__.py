"""The call page: a static page for all visitors, and a session for one browser."""
