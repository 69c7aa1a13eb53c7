"""The tables and functions of limits. `REVISIONS` names the steps in order."""

REVISIONS = ("0001", "0002", "0003")
