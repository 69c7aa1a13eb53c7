"""Tools: functions that a model may call."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    Generic,
    Literal,
    ParamSpec,
    Protocol,
    TypeVar,
    get_args,
    overload,
)

from typing_extensions import TypeVar as DefaultTypeVar

from harness.agent.checks import is_positive
from harness.agent.context import ToolContext
from harness.agent.hooks import Check, Hooks, Obstacle, Prepare, Probe, Undo, receipt_type
from harness.agent.schema import Signature, read_signature, tool_error
from harness.contracts.tool import Effect, ToolPolicy, ToolSpec

if TYPE_CHECKING:
    from harness.agent.agent import Agent

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
D = TypeVar("D")
D_contra = DefaultTypeVar("D_contra", contravariant=True, default=Any)
First = TypeVar("First")

U = TypeVar("U", bound=Undo)
B = TypeVar("B", bound=Probe)
A = TypeVar("A", bound=Prepare)
S = TypeVar("S", bound=Obstacle)
C = TypeVar("C", bound=Check)

Rule = Callable[[Mapping[str, Any]], "bool | str | Awaitable[bool | str]"]
"""Decides by a call's arguments whether a person must approve it; a text is the reason."""
Approval = Literal["always", "never"] | Rule
OnUnknown = Literal["ask", "retry", "probe"]

INLINE_LIMIT_S = 1.0
"""Inline tools run inside a workflow task, which must not take long."""
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CHOICES: dict[str, tuple[str, ...]] = {
    "effect": get_args(Effect),
    "on_unknown": get_args(OnUnknown),
}


@dataclass(frozen=True)
class Ask:
    """Returned by a tool to ask a person a question; the answer becomes the tool's result."""

    question: str


@dataclass(frozen=True, kw_only=True)
class Tool(Generic[P, R_co, D_contra]):
    """A function with everything that the model, the run and the worker need to call it.

    Made by `@tool`. Calling it calls the function, so it can be tested like one. The last type
    parameter is what the function expects as `deps` of its context: `object` if it has none, so
    that it fits every agent.
    """

    fn: Callable[P, R_co]
    spec: ToolSpec
    policy: ToolPolicy
    signature: Signature
    approval: Approval = "never"
    chosen: OnUnknown | None = None
    """`on_unknown` as declared."""
    hooks: Hooks = field(default_factory=Hooks, compare=False)
    agent: Agent[Any, Any] | None = field(default=None, compare=False, repr=False)
    """The agent that a call runs, if `Agent.as_tool` made it."""

    @property
    def name(self) -> str:
        """The name by which the model calls it."""
        return self.spec.name

    @property
    def on_unknown(self) -> OnUnknown:
        """What to do if it is unknown whether a call happened. Default: use the probe, if any."""
        return self.chosen or ("ask" if self.hooks.probe is None else "probe")

    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> R_co:
        return self.fn(*args, **kwargs)

    def undo(self, fn: U, /) -> U:
        """Declare how to undo a call: `@write_note.undo` above the function.

        It may be called again if its worker dies. It should raise TargetChanged if the target was
        changed after the call.

        Args:
            fn: Takes (ctx, receipt); the returned text is shown to whoever requested the undo.

        Returns:
            The function itself.
        """
        self._check_hook(fn, "undo")
        self.hooks.undo, self.hooks.receipt = fn, receipt_type(fn)
        return fn

    def probe(self, fn: B, /) -> B:
        """Declare how to find out whether a call happened if its worker died: `@pay.probe` above
        the function. The tool's `on_unknown` is then "probe".

        Args:
            fn: Takes (ctx, arguments); returns Happened(result), or None if it did not happen.

        Returns:
            The function itself.
        """
        self._check_hook(fn, "probe")
        if self.chosen not in (None, "probe"):
            raise tool_error(
                self.name,
                f"has a probe, but on_unknown={self.chosen!r} does not use it",
                "Remove on_unknown to use the probe, or remove the probe.",
            )
        self.hooks.probe = fn
        return fn

    def prepare(self, fn: A, /) -> A:
        """Declare what to record before a call acts: `@edit.prepare` above the function.

        Args:
            fn: Takes (ctx, arguments) and changes nothing; the returned value is `ctx.prepared`.

        Returns:
            The function itself.
        """
        self._check_hook(fn, "prepare")
        self.hooks.prepare = fn
        return fn

    def obstacle(self, fn: S, /) -> S:
        """Declare when a call cannot be undone, to know it in advance: `@send.obstacle` above the
        function.

        Args:
            fn: Takes a receipt; returns why the call cannot be undone, or None.

        Returns:
            The function itself.
        """
        if self.hooks.undo is None:
            raise tool_error(
                self.name, "has obstacle, but no undo", f"Declare it under @{self.name}.undo first."
            )
        self.hooks.obstacle = fn
        return fn

    def check(self, fn: C, /) -> C:
        """Declare how a dry run finds out whether the target of a call has changed since:
        `@pay.check` above the function. It changes nothing, and has a few seconds.

        Args:
            fn: Takes (ctx, receipt); returns a Target, or several. It may raise TargetChanged.

        Returns:
            The function itself.
        """
        if self.hooks.undo is None:
            raise tool_error(
                self.name, "has a check, but no undo", f"Declare it under @{self.name}.undo first."
            )
        self._check_hook(fn, "check")
        self.hooks.check = fn
        return fn

    def _check_hook(self, fn: Callable[..., Any], hook: str) -> None:
        if self.policy.effect == "read":
            raise tool_error(
                self.name,
                f"has {hook}, but its effect is 'read'",
                'Declare effect="write" if it changes something.',
            )
        if len(inspect.signature(fn).parameters) != 2:
            second = "receipt" if hook in ("undo", "check") else "arguments"
            raise tool_error(
                self.name, f"its {hook} function must take two parameters", f"Use (ctx, {second})."
            )


AnyTool = Tool[..., Any, Any]


class ToolDecorator(Protocol):
    """What `@tool(...)` returns: takes the function and makes it a tool."""

    @overload
    def __call__(
        self, fn: Callable[Concatenate[ToolContext[D], P], R], /
    ) -> Tool[Concatenate[ToolContext[D], P], R, D]: ...
    @overload
    def __call__(
        self, fn: Callable[Concatenate[First, ToolContext[D], P], R], /
    ) -> Tool[Concatenate[First, ToolContext[D], P], R, D]: ...
    @overload
    def __call__(self, fn: Callable[P, R], /) -> Tool[P, R, object]: ...


# Type checkers find the context as the first or second parameter only.
@overload
def tool(
    fn: Callable[Concatenate[ToolContext[D], P], R], /
) -> Tool[Concatenate[ToolContext[D], P], R, D]: ...
@overload
def tool(
    fn: Callable[Concatenate[First, ToolContext[D], P], R], /
) -> Tool[Concatenate[First, ToolContext[D], P], R, D]: ...
@overload
def tool(fn: Callable[P, R], /) -> Tool[P, R, object]: ...
@overload
def tool(
    *,
    name: str | None = None,
    effect: Effect = "write",
    inline: bool = False,
    workspace: bool = False,
    approval: Approval = "never",
    on_unknown: OnUnknown | None = None,
    timeout: float | None = None,
    attempts: int | None = None,
    pool: str | None = None,
    untrusted: bool = False,
) -> ToolDecorator: ...
def tool(
    fn: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    effect: Effect = "write",
    inline: bool = False,
    workspace: bool = False,
    approval: Approval = "never",
    on_unknown: OnUnknown | None = None,
    timeout: float | None = None,
    attempts: int | None = None,
    pool: str | None = None,
    untrusted: bool = False,
) -> Any:
    """Make a function a tool. Its type hints become the schema, its docstring the description.

    Args:
        fn: The function, if `@tool` is used without parentheses.
        name: The name by which the model calls it. Default: the function's name.
        effect: What it changes. A write declared as a read would be repeated without asking.
        inline: Quick, in-process and "read": runs in the workflow's own task, for a fraction of
            the cost, within a second. It may be repeated.
        workspace: Works in the run's folder, so it runs on the host that has the folder.
        approval: "always", "never", or a function of the arguments (a dict) that returns whether
            a person must approve the call, or the reason why.
        on_unknown: What to do if a worker died during a write. "ask": a person says whether it
            happened. "retry": repeat it, which is safe with the context's idempotency key or in
            `ctx.transaction()`. "probe": call `@tool.probe`, the default if there is one.
        timeout: Seconds that one attempt may take.
        attempts: How often to try it if it raises ToolUnavailable or its worker dies.
        pool: The pool that its calls share with other tools: `[limits.pools.NAME]` in the settings
            says how many run at once, in all workers together.
        untrusted: Anyone may have written what it returns, such as a web page or mail. Gates track
            which arguments of later calls come from it.

    Returns:
        The tool, or a decorator that makes it.

    Raises:
        InvalidAgent: The function or an option cannot make a tool.
    """
    if fn is None:
        return functools.partial(
            tool, name=name, effect=effect, inline=inline, workspace=workspace, approval=approval,
            on_unknown=on_unknown, timeout=timeout, attempts=attempts, pool=pool,
            untrusted=untrusted,
        )  # fmt: skip
    called = name or getattr(fn, "__name__", "")
    _check_function(fn, called)
    policy = _read_policy(
        called, approval, on_unknown=on_unknown, effect=effect, inline=inline, workspace=workspace,
        untrusted=untrusted, timeout=timeout, attempts=attempts, pool=pool,
    )  # fmt: skip
    signature = read_signature(fn, called)
    spec = ToolSpec(name=called, description=signature.description, parameters=signature.parameters)
    return Tool(
        fn=fn, spec=spec, policy=policy, signature=signature, approval=approval, chosen=on_unknown
    )


def _read_policy(name: str, approval: Approval, **options: Any) -> ToolPolicy:
    """Make the policy of a tool from its options, once they are known to be sound."""
    _check_options(name, **options)
    policy = ToolPolicy(
        effect=options["effect"],
        inline=options["inline"] or None,
        workspace=options["workspace"] or None,
        timeout_s=options["timeout"],
        attempts=options["attempts"],
        pool=options["pool"],
        untrusted=options["untrusted"] or None,
    )
    _check_policy(name, policy, approval)
    return policy


def _check_function(fn: Callable[..., Any], name: str) -> None:
    if isinstance(fn, Tool):
        raise tool_error(name, "is a tool already", "Remove the second @tool.")
    if not callable(fn) or inspect.isclass(fn):
        raise tool_error(repr(fn), "is not a function", "Put @tool above a function.")
    if inspect.isgeneratorfunction(fn) or inspect.isasyncgenfunction(fn):
        raise tool_error(
            name,
            "is a generator, but a call has one result",
            "Return a list; report progress with ctx.progress(text).",
        )
    if not _NAME.fullmatch(name):
        raise tool_error(
            repr(name),
            "providers do not accept this name",
            "Use 1 to 64 letters, digits, _ or - (name=... sets it).",
        )


def _check_options(
    name: str, *, timeout: object, attempts: object, pool: object, **options: object
) -> None:
    """Check the types at run time, for users without a type checker."""
    for option, value in options.items():
        known = _CHOICES.get(option, (True, False))
        if value is not None and not (isinstance(value, str | bool) and value in known):
            listed = ", ".join(map(repr, known))
            raise tool_error(name, f"{option} is {value!r}", f"Choose one of: {listed}.")
    if timeout is not None and not is_positive(timeout):
        raise tool_error(name, f"timeout is {timeout!r}", "Give a number of seconds above 0.")
    if attempts is not None and not (is_positive(attempts) and isinstance(attempts, int)):
        raise tool_error(
            name, f"attempts is {attempts!r}", "Give a whole number from 1; 1 means no retry."
        )
    if pool is not None and not (isinstance(pool, str) and _NAME.fullmatch(pool)):
        raise tool_error(
            name, f"pool is {repr(pool)[:80]}", "Give a name of up to 64 letters, digits, _ or -."
        )


def _check_policy(name: str, policy: ToolPolicy, approval: Approval) -> None:
    if approval not in ("always", "never") and not callable(approval):
        raise tool_error(
            name,
            f"approval={approval!r} is not a policy",
            'Use "always", "never" or a function of the arguments.',
        )
    if policy.inline and policy.effect != "read":
        raise tool_error(
            name,
            f"is inline with effect {policy.effect!r}, but inline tools may be repeated",
            'Declare effect="read" if it changes nothing, or drop inline=True.',
        )
    if policy.inline and policy.pool is not None:
        raise tool_error(
            name, f"is inline and would wait for the pool {policy.pool}", "Drop inline=True."
        )
    if policy.inline and policy.workspace:
        raise tool_error(
            name,
            "is inline and works on a workspace, which may be on another host",
            "Drop inline=True.",
        )
    if policy.inline and policy.timeout_s is not None and policy.timeout_s > INLINE_LIMIT_S:
        raise tool_error(
            name,
            f"is inline with a timeout over {INLINE_LIMIT_S:g} s",
            "Drop inline=True for slow work.",
        )
