"""How one process behaves with very many feeds: `make crowd`."""
