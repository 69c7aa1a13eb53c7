"""The table of who looks at which run. `REVISIONS` names the steps in order."""

REVISIONS = ("0001",)
