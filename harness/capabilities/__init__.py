"""Capabilities: the built-in ones, those of installed packages, and which are enabled.

Everything that reads records (commands, settings, workers, migrations, documentation) uses it.
"""
