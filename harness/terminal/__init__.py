"""A run at a terminal: how it is shown to a person, and how they answer and interrupt it.

Shared by the `harness` command and the starter. Nothing here knows of the engine; it reads events
and calls the handle of a run.
"""
