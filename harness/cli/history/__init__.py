"""Commands that read past runs and continue from them."""
