"""The tables and functions of shared budgets. `REVISIONS` names the steps in order."""

REVISIONS = ("0001", "0002")
