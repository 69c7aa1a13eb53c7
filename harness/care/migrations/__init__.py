"""The tables of care. `REVISIONS` names the steps in order."""

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009")
