"""Gates before and after model and tool calls: provenance of arguments, redaction, clean answers."""
