"""Handlers of commands, buttons and forms."""
