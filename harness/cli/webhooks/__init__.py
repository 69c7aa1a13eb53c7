"""The command of webhooks."""
