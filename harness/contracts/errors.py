"""Every way harness can fail, in one place.

    HarnessError
    ├── ConfigError      a setting is wrong or missing; nothing was started
    ├── StackError       Temporal or Postgres cannot be found, started or reached
    ├── StoreError       the database or the artifact store refused or lost something
    ├── ProviderError    a model provider failed or refused
    ├── ToolError        a tool call failed; the model sees it and may mend it
    ├── SteeringError    a signal, update or query was malformed or came at the wrong time
    └── RunError         a run cannot start, go on or be found

An error has a stable code, ``<kind>.<category>``: the ``type`` of the ``ApplicationError`` in the
engine, the ``code`` in ``--json`` and the anchor of its entry in ``docs/reference/errors.md``.
Whether the engine may try again belongs to the category (``CATALOG``), not to whoever raises it.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict


class Category(NamedTuple):
    """What is true of every error with this code."""

    retryable: bool
    fix: str
    """What a person can do about it; an error may carry a more exact one."""


CATALOG: dict[str, Category] = {
    # --- config
    "config.unknown_key": Category(False, "Remove the key or correct its name."),
    "config.invalid_value": Category(False, "Correct the value."),
    "config.untrusted": Category(False, "Review what the project may do: harness trust"),
    "config.missing": Category(False, "Set the value in the environment or in harness.toml."),
    "config.bad_agent": Category(False, "Point --agent at FILE.py:NAME, where NAME is an Agent."),
    "config.usage": Category(False, "See `harness COMMAND --help`."),
    # --- stack
    "stack.unreachable": Category(True, "Run `harness doctor` to see what is up and what is not."),
    "stack.binary_missing": Category(False, "Install the extra: pip install 'durable-harness[local]'."),
    "stack.binary_too_old": Category(False, "Upgrade it, or set its path to a newer one."),
    "stack.port_in_use": Category(False, "Free the port or configure another one."),
    "stack.data_broken": Category(False, "Move the data folder away and start again."),
    "stack.disk_full": Category(False, "Free some space and start again."),
    "stack.running": Category(False, "Stop it: `harness down`."),
    "stack.stopped": Category(False, "Runs are kept. Start it again: `harness up --detach`."),
    "stack.replaced": Category(False, "Restart the worker: its in-memory runs are outdated."),
    "stack.start_failed": Category(False, "Read the log that the message names."),
    "stack.search_attributes": Category(False, "Register them: `harness doctor --fix` or the operator's CLI."),
    # --- store
    "store.unavailable": Category(True, "Check that Postgres is up: `harness doctor`."),
    "store.artifact_missing": Category(False, "The content was deleted or never stored here."),
    "store.transcript_missing": Category(False, "The run resends what it holds and continues."),
    "store.too_large": Category(False, "Make it smaller, or raise the limit in the settings."),
    "store.corrupt": Category(False, "Restore it from a backup: its bytes do not match their address."),
    "store.unsigned": Category(False, "Rejected: not written by this project, or signing.key has changed."),
    "store.schema_too_new": Category(False, "Upgrade harness: this database was made by a newer version."),
    "store.bad_export": Category(False, "Export the run again: `harness export RUN`."),
    "store.bad_backup": Category(False, "Use another copy of the backup, or an older one."),
    "store.forgotten": Category(False, "The content was permanently deleted; earlier exports remain readable."),
    "store.key_missing": Category(False, "Set encryption.key, or name the former key in encryption.old_keys."),
    "store.bad_chain": Category(False, "Compare with a copy: the archive was changed after it was sealed."),
    # --- provider
    "provider.bad_request": Category(False, "The provider rejects the request as malformed: see its message."),
    "provider.authentication": Category(False, "Check the provider's API key."),
    "provider.permission": Category(False, "This key may not use this model."),
    "provider.not_found": Category(False, "Check the model's name: `harness models`."),
    "provider.quota": Category(False, "The account is out of credit: add some or use another provider."),
    "provider.refusal": Category(False, "The model declined. Rephrase the request."),
    "provider.context_overflow": Category(False, "Shorten the conversation or set a context policy."),
    "provider.protocol": Category(False, "Check the provider's base_url and kind: the server does not speak this protocol."),
    "provider.tls": Category(False, "Check http or https in base_url, and the certificates that this machine trusts."),
    "provider.too_large": Category(False, "Limit the answer with max_output_tokens, or use another model."),
    "provider.rate_limit": Category(True, "Retried automatically; lower the load if it persists."),
    "provider.overloaded": Category(True, "Retried automatically."),
    "provider.server": Category(True, "Retried automatically."),
    "provider.timeout": Category(True, "Retried automatically."),
    "provider.network": Category(True, "Retried automatically; check the address and the connection."),
    "provider.cut_stream": Category(True, "Retried automatically."),
    "provider.invalid_reply": Category(True, "Retried automatically."),
    "provider.circuit_open": Category(True, "Retried automatically; the message says what failed before."),
    "provider.unsupported": Category(False, "Choose a model that can do what the agent requires."),
    "provider.unknown": Category(False, "Name models as provider/model: `harness models`."),
    # --- tool
    "tool.unknown": Category(False, "The model named a tool that the agent does not have."),
    "tool.invalid_arguments": Category(False, "The arguments do not fit the tool's schema."),
    "tool.failed": Category(False, "See the tool's own message."),
    "tool.temporary": Category(True, "Retried automatically."),
    "tool.timeout": Category(False, "Raise the tool's timeout or give it less to do."),
    "tool.denied": Category(False, "A person or a policy refused this call."),
    "tool.confined": Category(False, "The path or address lies outside what the tool may touch."),
    "tool.outcome_unknown": Category(False, "A worker died in the middle: check whether it happened."),
    "tool.busy": Category(True, "Another worker is running this call. Retried automatically."),
    "tool.changed": Category(False, "The target has changed since. Check it, or skip with --past CALL."),
    "tool.no_undo": Category(False, "Undo it by hand, and go on past it: --past CALL."),
    "tool.irreversible": Category(False, "It cannot be undone. Go on past it: --past CALL."),
    "tool.not_recorded": Category(False, "A what-if runs no tools: it plays back what was recorded."),
    "tool.wrong_host": Category(False, "Start a worker on the host that owns the workspace."),
    # --- steering
    "steering.bad_payload": Category(False, "Correct it as the message says."),
    "steering.not_pending": Category(False, "Nothing waits under that id: see `harness show RUN`."),
    "steering.changed": Category(False, "Read what waits now, then decide: `harness show RUN`."),
    "steering.too_large": Category(False, "Send less than 1 MB; put the rest in a file."),
    "steering.too_many": Category(False, "Wait for the next model call, or abort the run."),
    "steering.run_over": Category(False, "Start another run, or fork this one."),
    # --- run
    "run.not_found": Category(False, "List the runs: `harness list`."),
    "run.no_turn": Category(False, "See the turns there are: `harness trace RUN`."),
    "run.replay_differs": Category(False, "Keep the old behavior for existing runs (workflow.patched)."),
    "run.busy": Category(False, "Wait for the session's current run, or abort it."),
    "run.id_taken": Category(False, "Choose another id, or send the same request as before."),
    "run.no_worker": Category(False, "Serve the agent: `harness worker agent.py`."),
    "run.budget": Category(False, "Raise the budget and start again from where it stopped."),
    "run.invalid_output": Category(False, "The model's answer does not fit the output type."),
    "run.mend_limit": Category(False, "The model kept making invalid tool calls."),
    "run.terminated": Category(False, "It was terminated from outside: start it again or fork it."),
    "run.timed_out": Category(False, "It exceeded the engine's own time limit."),
    "run.failed": Category(False, "See the message."),
    "run.unsigned": Category(False, "Start it with harness. To accept what is started by hand: worker.accept_unsigned."),
    "run.forged": Category(False, "Starters and workers need the same signing.key. If they have it, somebody else started or changed this."),
    "run.replayed": Category(False, "Start a new run; a permit is valid for one run."),
    "run.workspace": Category(False, "Allow the folder: `harness worker --workspace DIR`, or worker.workspaces."),
    "run.too_new": Category(False, "Upgrade harness: this run was made by a newer version."),
}  # fmt: skip

REFUSALS = frozenset({"run.unsigned", "run.forged", "run.replayed", "run.workspace"})
"""What a worker refuses to act on: the run fails, and the model is not told about it."""


class ErrorInfo(BaseModel):
    """An error as it travels: in events, results, failures and JSON output."""

    model_config = ConfigDict(frozen=True)

    code: str
    message: str
    fix: str
    retryable: bool
    retry_after: float | None = None

    def __str__(self) -> str:
        return f"{self.message} [{self.code}] {self.fix}"


class HarnessError(Exception):
    """Base of all errors that harness raises itself."""

    kind: ClassVar[str]

    def __init__(
        self,
        category: str,
        message: str,
        *,
        fix: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = f"{self.kind}.{category}"
        self.message = message
        self.fix = fix or CATALOG[self.code].fix
        self.retryable = CATALOG[self.code].retryable
        self.retry_after = retry_after
        # Tracebacks show notes: a script that catches nothing still says what to do.
        self.add_note(f"[{self.code}] {self.fix}")

    @property
    def info(self) -> ErrorInfo:
        return ErrorInfo(
            code=self.code,
            message=self.message,
            fix=self.fix,
            retryable=self.retryable,
            retry_after=self.retry_after,
        )


class ConfigError(HarnessError):
    kind = "config"


class StackError(HarnessError):
    kind = "stack"


class StoreError(HarnessError):
    kind = "store"


class ProviderError(HarnessError):
    kind = "provider"


class ToolError(HarnessError):
    kind = "tool"


class SteeringError(HarnessError):
    kind = "steering"


class RunError(HarnessError):
    kind = "run"


KINDS: dict[str, type[HarnessError]] = {
    cls.kind: cls
    for cls in (
        ConfigError,
        StackError,
        StoreError,
        ProviderError,
        ToolError,
        SteeringError,
        RunError,
    )
}


def by_code(code: str, message: str) -> HarnessError:
    """The error with a code of the catalog, as it comes back from the engine."""
    kind, _, category = code.partition(".")
    return KINDS[kind](category, message)


def from_info(info: ErrorInfo) -> HarnessError:
    """The exception that `info` was made from."""
    kind, _, category = info.code.partition(".")
    if info.code not in CATALOG:  # made by a newer version: keep the words, not the category
        return RunError("failed", f"{info.message} [{info.code}]", fix=info.fix)
    return KINDS[kind](category, info.message, fix=info.fix, retry_after=info.retry_after)
