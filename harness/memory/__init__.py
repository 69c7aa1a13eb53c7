"""Memory: what agents know about their owner across runs, with its origin, in Postgres."""
