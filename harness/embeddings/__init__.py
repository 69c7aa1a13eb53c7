"""Embeddings: texts as vectors, from providers or from a small model on this machine."""
