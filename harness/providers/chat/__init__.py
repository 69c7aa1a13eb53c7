"""Chat Completions, which many providers and local servers speak."""
