"""The read side of the Durable Streams protocol over the events of runs."""
