"""The container image: built, and run as it runs in production. `make image` does both."""
