"""The workflows: what happens, in which order. Deterministic: no I/O, no clock, no settings.

One workflow per file; everything that touches the world is an activity, called by the signatures in
`harness.contracts.activities`.
"""
