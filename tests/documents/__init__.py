"""The documents: their pages, links and commands. `make docs-check` runs the commands."""
