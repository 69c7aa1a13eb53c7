"""The `harness` command: thin, one file per group of commands.

`commands.py` is the table of all of them; a command's own module, and with it everything heavy, is
imported only when it runs.
"""
