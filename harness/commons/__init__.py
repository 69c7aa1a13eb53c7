"""What every process needs beside its work: logs, redaction, traces, safe files.

Knows no settings: who starts a process hands the values in.
"""
