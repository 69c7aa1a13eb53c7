"""The tables of evaluations. `REVISIONS` names the steps in order."""

REVISIONS = ("0001",)
