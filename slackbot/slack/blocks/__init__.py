"""Pure functions that render values as a Block Kit `Message` or view."""
