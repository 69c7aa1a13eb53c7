"""The command that forgets a run."""
