"""The tables of policies. `REVISIONS` names the steps in order."""

REVISIONS = ("0001",)
