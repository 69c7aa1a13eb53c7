"""The chaos campaign: providers that fail in every way at every moment, limits and budgets that
runs share, and workers that are killed (kill -9). In the end every run must be in the right state,
no limit exceeded, and our accounts equal to the provider's.

`faults` are the ways to fail, `plan` says what each run meets, `provider` deals it out and keeps
the books, `campaign` runs it, `checks` says what must hold.

    python -m tests.chaos --runs 50 --seed 1
"""
