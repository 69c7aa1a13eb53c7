"""The tables of notes. `REVISIONS` names the steps in order."""

REVISIONS = ("0001",)
