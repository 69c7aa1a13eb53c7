"""The panel of the request log: its files stand beside this module."""

from harness.contracts.panel import Panel

PANELS = (Panel("requests", "Requests", module="requests.js", place="run"),)
