"""Metrics and logs: read them from Prometheus and Loki, and reduce them to what matters."""
