"""What users hold: Harness, clients, run handles, sessions."""
