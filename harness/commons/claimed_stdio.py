"""Keeps stdin and stdout for a program that speaks a protocol over them."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, redirect_stdout
from typing import NamedTuple


class Wire(NamedTuple):
    """What the program on the other side writes and reads: file descriptors."""

    read: int
    write: int


@contextmanager
def claim_stdio() -> Generator[Wire]:
    """Keep stdin and stdout for the other program: what agents, tools and their child processes
    print goes to stderr, and they read nothing. Not undone at the end, which is the process's."""
    read, write, nothing = os.dup(0), os.dup(1), os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    with redirect_stdout(sys.stderr):
        yield Wire(read, write)
