"""The panel of evaluations: its files stand beside this module."""

from harness.contracts.panel import Panel

PANELS = (Panel("evals", "Evaluations", module="evals.js", icon="flask-conical"),)
