"""Webhooks: signed messages about runs, delivered by workflows, in order and at least once."""
