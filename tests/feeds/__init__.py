"""Feeds against socket servers of all ages: raw peers, Node's own servers, nginx before them.

`make feeds` runs the whole matrix and writes its table into `docs/accelevents.md`. `make test` runs
the raw peers.
"""
