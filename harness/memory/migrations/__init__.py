"""The tables of memory. `REVISIONS` names the steps in order."""

REVISIONS = ("0001",)
