"""The tables of the request log. `REVISIONS` names the steps in order."""

REVISIONS = ("0001",)
