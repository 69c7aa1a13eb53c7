"""The connection to Temporal and the stores: payloads, retries, encryption, epoch."""
