"""Replays recorded histories on today's code and compares every step with its arguments.

The SDK's Replayer checks only the kinds and the order of steps: it passes even if the arguments of
an activity have changed.
"""
