"""The tables of prompt templates. `REVISIONS` names the steps in order."""

REVISIONS = ("0001",)
