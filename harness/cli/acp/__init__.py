"""The command of ACP."""
