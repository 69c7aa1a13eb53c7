"""Tell processes apart: pids are used again, so a process is known by its pid and its start."""

from __future__ import annotations


def name_process(pid: int) -> str | None:
    """The name of a process that runs, the same in every process of this machine; None if it has
    ended."""
    import psutil

    try:
        process = psutil.Process(pid)
        is_ended = process.status() == psutil.STATUS_ZOMBIE
        return None if is_ended else f"{pid} {process.create_time():.2f}"
    except psutil.Error:
        return None
