"""The streams campaign: many readers follow live runs through the API while daemon, worker,
Temporal and Postgres are killed (kill -9) at random, and each must have every durable event exactly
once.

`process` makes the daemon and the worker, `reader` comes back with its last cursor, `campaign`
kills and compares.

    python -m tests.streams --readers 1000 --runs 100 --kills 16 --seed 1
"""
