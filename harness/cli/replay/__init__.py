"""The command that replays recorded runs on the current code."""
