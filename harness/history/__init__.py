"""Read what happened in a run: while it runs, sealed or exported."""
