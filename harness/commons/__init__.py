"""What every process needs: logs, redaction, traces, safe files, child processes.

It reads no settings: callers pass the values in.
"""
