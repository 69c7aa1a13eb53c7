"""Gates around model and tool calls: provenance of arguments, redaction, clean answers."""
