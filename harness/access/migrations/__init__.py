"""The tables of users and tokens. `REVISIONS` names the steps in order."""

REVISIONS = ("0001",)
