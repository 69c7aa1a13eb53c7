"""Commands for keys, forgetting and trust."""
