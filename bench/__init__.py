"""How fast it is, next to a hand-written loop and next to others. `make bench`, or one at a time:

    python -m bench.run --only harness,floor --rounds 3    contestants, in interleaved rounds
    python -m bench.history | lag | abort | recovery | parked | startup | past | ledger | replays

Every module says what it measures; nothing here asserts a time.
"""
