"""Downloads by signed links."""
