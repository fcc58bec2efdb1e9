"""Tables, encryption, and the port `Store` over SQLite or PostgreSQL."""
