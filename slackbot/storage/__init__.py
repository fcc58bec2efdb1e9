"""Tables, encryption, and the `Store` implementation for SQLite and PostgreSQL."""
