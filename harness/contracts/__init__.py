"""The words that every room shares: messages, tools, models, runs, events, errors.

Pure data, no I/O: workflows import this, so nothing here may read a clock, the environment or a
file. Import the module you need; the package itself loads nothing.
"""
