"""Fork runs from an earlier turn, and ask what would have happened."""
