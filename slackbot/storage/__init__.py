"""What is kept: tables, sealing, and the port `Store` over SQLite or PostgreSQL."""
