"""The documents, and the code that writes `docs/reference/` from the product itself."""
