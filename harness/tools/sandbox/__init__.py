"""Tools that run shell commands and Python in a sandbox: no network, no host files, real limits.

A command works on a copy-on-write view of the workspace. What it changed is read afterwards, kept
for the undo, and written to the workspace by the worker, under the rules of the file tools.

Three processes stand around a command. The watcher of the shell tool kills everything if the
worker stops. `_outer.py` makes the view of the workspace, starts bubblewrap, and collects what
changed. `_inner.py` is process 1 of the sandbox: it enforces the limits.
"""
