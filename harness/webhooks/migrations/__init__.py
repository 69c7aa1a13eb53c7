"""The tables of webhooks. `REVISIONS` names the steps in order."""

REVISIONS = ("0001",)
