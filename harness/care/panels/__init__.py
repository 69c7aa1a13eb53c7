"""The panel of care: its files stand beside this module."""

from harness.contracts.panel import Panel

PANELS = (Panel("care", "Care", module="care.js", icon="wrench"),)
