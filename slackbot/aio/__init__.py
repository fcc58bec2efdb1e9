"""Small async tools, each once."""
