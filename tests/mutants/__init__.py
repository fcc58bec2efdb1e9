"""Do the tests notice when the code changes? `make mutants` draws changes and tries them."""
