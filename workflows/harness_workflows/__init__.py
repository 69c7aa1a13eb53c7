"""What happens in a run and in which order. Deterministic: no I/O, no clock, no settings.

One workflow a file; everything that touches the world is an activity, called by the signatures in
`harness.contracts.activities`.
"""
