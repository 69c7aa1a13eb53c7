"""A run at a terminal: show it to a person, who can answer and interrupt it.

Shared by the `harness` command and the starter. Nothing here depends on Temporal: it reads events
and calls the handle of a run.
"""
