"""Care for services: metrics, invariants, tickets, and agents that repair."""
