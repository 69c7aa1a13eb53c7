"""The cluster campaign: workers and daemons as processes over a Temporal cluster of several
services on Postgres, without containers, while parts of all of it are killed.

`build` compiles the Temporal server from its Go module, `services` runs its services, `ground` the
database, workers and daemons, `campaign` starts, follows, approves, kills and undoes, `measure`
compares one worker with two.

    python -m tests.cluster
    python -m tests.cluster --measure
"""
