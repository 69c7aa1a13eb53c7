"""Approval policies: rules that allow tool calls, deny them or ask people."""
