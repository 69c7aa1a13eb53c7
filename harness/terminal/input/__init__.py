"""What a person types: decisions, keys, Ctrl-C."""
