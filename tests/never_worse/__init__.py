"""Never worse than before: random faults and repairs of many subjects, while workers, the engine,
the database and the subjects themselves are killed.

`python -m tests.never_worse --seed 1 --subjects 40 --kills 12`. Each subject has a fault and a kind
of repair; after each round it is checked that every invariant that held before holds, or that a
person is asked; that nothing was deployed twice; and that each cause has one ticket.
"""
