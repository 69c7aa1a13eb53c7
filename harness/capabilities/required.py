"""What a worker must not go without: the parts of capabilities that stand around the calls of runs.

A gate or a policy that is left out because its package does not load would let everything pass.
"""

from __future__ import annotations

from harness.capabilities.registry import (
    find_capabilities,
    problem_of,
    stands_around_calls,
)
from harness.contracts.errors import BrokenCapability


def check_required() -> None:
    """Refuse to go on without a capability that is enabled and may stand around calls of runs.

    Raises:
        BrokenCapability: An enabled one does not load. The message names it and the reason.
    """
    for found in find_capabilities():
        problem = problem_of(found.name)
        if problem is None or not found.enabled:
            continue
        if found.hides_calls or (found.record is not None and stands_around_calls(found.record)):
            raise BrokenCapability(
                f"No run is served without the capability {found.name} ({found.source}), which may "
                f"limit what runs do and does not load: {problem}.",
                fix=f"Repair its package, or do without it: harness capabilities disable "
                f"{found.name}",
            )
