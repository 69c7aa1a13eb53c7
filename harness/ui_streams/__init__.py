"""Protocols of user interfaces over conversations and runs: AG-UI and the AI SDK's streams."""
