"""Budgets that runs share: accounts in Postgres from which each model call reserves before it is
made, and a ledger of what was spent."""
