"""The functions that a child may run; it runs no others.

Each takes the content and JSON arguments by keyword and returns bytes. To refuse, it raises a
ValueError, whose message the model reads. Its module should import little: every child loads it.
"""

from __future__ import annotations

from typing import Literal, get_args

Job = Literal[
    "harness.gates.jobs:try_profile",
    "harness.policies.jobs:explain_call",
    "harness.policies.jobs:find_rules",
    "harness.policies.jobs:read_text",
    "harness_activities.jobs.arguments:find_problems",
    "harness_activities.jobs.edits:replace_text",
    "harness_activities.jobs.lines:find_lines",
    "harness_activities.jobs.pages:read_page",
    "harness_activities.jobs.patterns:search_text",
    "harness_activities.jobs.schemas:find_misfits",
]

JOBS: frozenset[str] = frozenset(get_args(Job))
PACKAGES = ("harness", "harness_activities")
"""Imported before the child gives up access to other files."""
