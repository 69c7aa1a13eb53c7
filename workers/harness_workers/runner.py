"""Run workflow code: in the SDK's sandbox in tests, without it in production."""

from __future__ import annotations

from temporalio.worker import UnsandboxedWorkflowRunner, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions


def make_workflow_runner(*, sandbox: bool) -> WorkflowRunner:
    """Make the runner. Contracts are pure by the linter and pass through the sandbox; workflows
    never do.

    Unsandboxed in production: our own workflow code is checked by the sandbox in tests and by the
    import rules, and the sandbox would cost a tenth of a run's CPU.
    """
    if not sandbox:
        return UnsandboxedWorkflowRunner()
    restrictions = SandboxRestrictions.default.with_passthrough_modules(
        "harness", "pydantic", "pydantic_core", "annotated_types", "typing_inspection"
    )
    return SandboxedWorkflowRunner(restrictions=restrictions)
