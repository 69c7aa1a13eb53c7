"""The crash campaign: runs whose workers, engine and database are killed (kill -9) at points that
are planned from a seed, and checks that nothing was lost, doubled or shown twice.

`plan` says what each trial does, `trial` makes one, `checks` says what must hold of it. Workers are
processes of their own (`worker`), which ask the campaign at each point of a tool whether to go on
(`line`); the campaign strikes there (`strikes`).

    python -m tests.crash --trials 200 --seed 1
"""
