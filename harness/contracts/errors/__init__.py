"""Every way harness can fail: a class each, with its code, a fix, and whether to retry it.

    HarnessError
    ├── ConfigError      a setting is wrong or missing; nothing was started
    ├── StackError       Temporal or Postgres cannot be found, started or reached
    ├── StoreError       the database or the artifact store refused or lost something
    ├── ProviderError    a model provider failed or refused
    ├── ToolError        a tool call failed; the model sees it and can correct the call
    ├── SteeringError    a signal, update or query was malformed or came at the wrong time
    ├── RunError         a run cannot start, continue or be found
    ├── BudgetError      a shared budget allows no further call, or cannot be used
    ├── AccessError      a user, an API token or a sign-in was refused or cannot be found
    ├── ConversationError  a conversation cannot be found, or does not accept what was sent
    ├── McpError         an MCP server cannot be reached, misbehaves, or changed what it declares
    ├── MemoryFault      a memory cannot be found, is not accepted, or was changed outside harness
    ├── PromptError      a prompt template cannot be found, saved or filled in
    ├── PolicyError      a policy cannot be read, found or applied
    ├── TemporalPageError  Temporal's web page cannot be served
    ├── GateError        a gate stopped a call, or is missing
    ├── EvalError        an evaluation cannot be read, started, found or compared
    ├── RequestLogError  an entry of the request log cannot be read
    ├── CareError        a subject, an invariant, a ticket or a source of metrics is unusable
    └── OpenAIApiError   a request of an OpenAI client was refused, or has no answer

A class carries its code, ``<kind>.<category>``, a fix, and whether Temporal retries it."""

# pyright: reportUnusedImport=false
from __future__ import annotations

from harness.contracts.errors.access import (
    AccessError,
    LocalUserFixed,
    NotAllowed,
    NotSignedIn,
    OtherUser,
    TokenNotFound,
    UserExists,
    UserNotFound,
)
from harness.contracts.errors.api import (
    ApiError,
    CursorUnknown,
    InvalidRequest,
    MethodNotAllowed,
    RequestTooLarge,
    RequestTooSlow,
    RouteNotFound,
    ServerFault,
    TooManyCalls,
    WrongOrigin,
)
from harness.contracts.errors.base import (
    ErrorInfo,
    HarnessError,
    all_errors,
    find_error,
    from_info,
    rebuild_error,
)
from harness.contracts.errors.budgets import (
    BudgetBusy,
    BudgetError,
    BudgetNotFound,
    ModelUnpriced,
    SharedBudgetReached,
)
from harness.contracts.errors.care import (
    AnswerUnusable,
    CareError,
    DemoRefused,
    InvariantNotFound,
    InvariantRefused,
    QueryRefused,
    RulesInvalid,
    SourceMissing,
    SourceUnreachable,
    SubjectForged,
    SubjectInvalid,
    SubjectNotFound,
    SubjectNotYours,
    TicketNotFound,
    TicketRefused,
)
from harness.contracts.errors.config import (
    BrokenCapability,
    ConfigError,
    InvalidAgent,
    InvalidServer,
    InvalidUsage,
    InvalidValue,
    MissingSetting,
    NotLoggedIn,
    NotRemote,
    UnknownAgent,
    UnknownSetting,
    Untrusted,
)
from harness.contracts.errors.conversations import (
    ConversationBusy,
    ConversationChanged,
    ConversationClosed,
    ConversationError,
    ConversationExists,
    ConversationNotFound,
    InboxFull,
    InvalidMessage,
    InvalidTransition,
    MessageTooLarge,
    SearchUnavailable,
)
from harness.contracts.errors.evals import (
    EvalError,
    EvalInvalid,
    EvalNotComparable,
    EvalNotFound,
)
from harness.contracts.errors.gates import GateError, GateMissing, GateStopped
from harness.contracts.errors.mcp import (
    McpError,
    McpMisbehaved,
    McpNotApproved,
    McpNotSignedIn,
    McpServerUnknown,
    McpSignInFailed,
    McpToolChanged,
    McpUnavailable,
)
from harness.contracts.errors.memory import (
    MemoryFault,
    MemoryNotFound,
    MemoryRefused,
    MemoryTampered,
)
from harness.contracts.errors.openai_api import (
    OpenAIApiError,
    ResponseNotFound,
    RunWasAborted,
    UnsupportedParameter,
)
from harness.contracts.errors.policies import (
    CallDenied,
    InvalidPolicy,
    NoPolicy,
    NotDecider,
    PolicyError,
    PolicyUnavailable,
    RememberedNotFound,
)
from harness.contracts.errors.prompts import (
    InvalidTemplate,
    InvalidVariable,
    PromptArchived,
    PromptError,
    PromptNotFound,
    PromptTooLarge,
    TooManyPrompts,
)
from harness.contracts.errors.provider import (
    AnswerTooLarge,
    BrokenTestModel,
    CircuitOpen,
    ContextOverflow,
    InvalidReply,
    ModelNotFound,
    ModelRefused,
    ModelUnsuitable,
    ProviderAuthenticationFailed,
    ProviderBadRequest,
    ProviderError,
    ProviderOverloaded,
    ProviderPackageMissing,
    ProviderPermissionDenied,
    ProviderProtocolMismatch,
    ProviderQuotaExceeded,
    ProviderServerError,
    ProviderTimeout,
    ProviderTlsFailed,
    ProviderUnreachable,
    RateLimited,
    StreamInterrupted,
    UnknownProvider,
)
from harness.contracts.errors.request_log import RequestLogError, RequestNotFound
from harness.contracts.errors.run import (
    REFUSALS,
    AgentFunctionFailed,
    BudgetReached,
    InvalidOutput,
    MendLimitReached,
    NoWorker,
    PermitReused,
    ReplayDiffers,
    ReplayUnfinished,
    RunBusy,
    RunError,
    RunFailed,
    RunForged,
    RunIdTaken,
    RunNotFound,
    RunTerminated,
    RunTimedOut,
    RunTooNew,
    RunUnfinished,
    RunUnsigned,
    TurnNotFound,
    WorkspaceRefused,
)
from harness.contracts.errors.stack import (
    BinaryMissing,
    BinaryTooOld,
    DaemonAnswerInvalid,
    DaemonUnreachable,
    DiskFull,
    PortInUse,
    SearchAttributesMissing,
    StackDataBroken,
    StackError,
    StackReplaced,
    StackRunning,
    StackStartFailed,
    StackStopped,
    StackUnreachable,
)
from harness.contracts.errors.steering import (
    InvalidSignal,
    NotPending,
    PendingChanged,
    RunOver,
    SignalTooLarge,
    SteeringError,
    TooManySignals,
)
from harness.contracts.errors.store import (
    ArchiveChanged,
    ArtifactMissing,
    ArtifactNotFound,
    ContentCorrupt,
    ContentTooLarge,
    ContentUnsigned,
    EncryptionKeyMissing,
    FileNotWritten,
    Forgotten,
    InvalidBackup,
    InvalidExport,
    SchemaTooNew,
    StoreError,
    StoreUnavailable,
    TranscriptMissing,
    UploadNotFound,
)
from harness.contracts.errors.temporal_page import (
    TemporalPageError,
    TemporalPageMissing,
    TemporalPageRefused,
    TemporalPageUnreachable,
)
from harness.contracts.errors.tool import (
    CallNotRecorded,
    InvalidToolArguments,
    Irreversible,
    OutcomeUnknown,
    OutsideConfines,
    PoolBusy,
    SandboxUnavailable,
    SubagentRefused,
    TargetChanged,
    ToolBusy,
    ToolDenied,
    ToolError,
    ToolFailed,
    ToolTimeout,
    ToolUnavailable,
    UndoUnavailable,
    UnknownTool,
    WrongHost,
)
from harness.contracts.errors.webhooks import (
    WebhookError,
    WebhookNotFound,
    WebhookRefused,
    WebhookUndelivered,
)

__all__ = [  # pyright: ignore[reportUnsupportedDunderAll]
    name
    for name, value in list(globals().items())
    if getattr(value, "__module__", "").startswith(f"{__name__}.")
]

for _each in list(globals().values()):
    if isinstance(_each, type) and issubclass(_each, HarnessError):
        _each.__module__ = "harness.errors"  # tracebacks name what users import
