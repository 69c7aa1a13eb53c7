"""Limits of models and providers, and pools of tools, held across all workers through Postgres."""
