"""One module a contestant: `setup(options)` returns a context with `run_one(id)`, which returns the
final text, and optionally `storage(ids)`, what the runs left behind. All do the same work.

The peers run in an environment of their own (requirements.txt), so nothing here imports harness
but the contestant of that name.
"""
