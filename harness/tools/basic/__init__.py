"""Tools without access to anything: arithmetic, time, a question to a person."""
