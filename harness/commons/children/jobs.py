"""The functions that a child may run: nothing else can be named.

Each takes the content and JSON arguments by keyword, returns bytes, and refuses by a ValueError
whose message the model reads. Its module imports no more than it needs: every child loads it.
"""

from __future__ import annotations

from typing import Literal, get_args

Job = Literal[
    "harness_activities.jobs.arguments:find_problems",
    "harness_activities.jobs.edits:replace_text",
    "harness_activities.jobs.lines:find_lines",
    "harness_activities.jobs.pages:read_page",
]

JOBS: frozenset[str] = frozenset(get_args(Job))
PACKAGES = ("harness", "harness_activities")
"""Imported before the child gives up the file system outside of its code."""
