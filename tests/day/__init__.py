"""A whole event day of many attendees, played by the real services in virtual time."""
