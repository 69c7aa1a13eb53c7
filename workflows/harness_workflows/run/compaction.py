"""Have the conversation summarized between two turns, once a call has read too much of it."""

from __future__ import annotations

from temporalio import workflow

from harness.contracts.errors import HarnessError
from harness.contracts.model import CompactContext
from harness_workflows.run import card
from harness_workflows.run.calls import start_compaction
from harness_workflows.run.functions import await_function
from harness_workflows.run.progress import RunProgress


async def compact_context(progress: RunProgress) -> bool:
    """Have a conversation that is too long summarized. Whether it changed: the summary was paid
    for, so budgets must be checked again."""
    policy, spec, head = progress.spec.compaction, progress.spec, progress.head
    if policy is None or head is None or not _is_too_long(progress, policy.at):
        return False
    card.show_doing(progress, "summarizing the conversation")
    request = CompactContext(
        spec=spec.spec,
        head=head,
        turn=progress.turn,
        model=spec.fixed_model,
        salt=spec.salt,
        scale=progress.scale,
        measured=progress.context,
    )
    try:
        made = await await_function(progress, start_compaction(spec, request, policy.queue))
    except HarnessError as error:  # the context policy still leaves out what does not fit
        workflow.logger.warning("the conversation could not be summarized: %s", error)
        progress.function = None
        progress.postpone_compaction(progress.context or policy.at)
        return False
    if made is None:
        return False
    progress.add_compaction(made)
    return made.head is not None


def _is_too_long(progress: RunProgress, at: int) -> bool:
    """Whether the last call read too much. The first one of a run that continues a session has not
    been made: the activity measures. A fork begins with what its maker chose."""
    if progress.context is None:
        return progress.spec.parent is None and progress.spec.carry is None
    return progress.context > (progress.compact_over or at)
