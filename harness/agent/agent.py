"""Agent: instructions, a model, tools and limits under a name."""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Generic, cast, overload

from typing_extensions import TypeForm, TypeVar, Unpack

from harness.agent.argument_types import (
    agent_error,
    check_instructions_type,
    check_lists,
    check_types,
)
from harness.agent.checks import check_budget
from harness.agent.context import RunContext
from harness.agent.functions import (
    Check,
    CheckInContext,
    Instructions,
    Validator,
    read_validator,
)
from harness.agent.gates import MODEL_PLACES, GateFunction, read_gates
from harness.agent.mcp_server import McpServer, split_servers
from harness.agent.memory_tools import MEMORY_TOOLS
from harness.agent.model_plan import check_model_options, make_plan
from harness.agent.options import AgentOptions
from harness.agent.output import read_output_type
from harness.agent.read_result import read_result
from harness.agent.subagent import (
    AgentTool,
    check_handovers,
    make_agent_tool,
    make_handover_tool,
)
from harness.agent.tool import AnyTool, Approval, Tool
from harness.contracts.errors import InvalidAgent
from harness.contracts.memory import MemoryPolicy
from harness.contracts.model import AgentSpec, ContextPolicy, ModelParams, ModelPlan
from harness.contracts.queues import agent_queue
from harness.contracts.run import Budget
from harness.contracts.tool import ToolPolicy

Deps = TypeVar("Deps", default=None)
Output = TypeVar("Output", default=str)
Given = TypeVar("Given")
"""The output type where `self` is annotated: type checkers reject the class's own parameter."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class Agent(Generic[Deps, Output]):
    """An agent as a user declares it. A run pins the declaration when it starts.

    `Agent[Deps, Output]`: the type of `deps` in its tools' `ToolContext`, and the type of its runs'
    results. `Agent[None, str]` has neither deps nor an output type. A type checker reports a tool
    whose context expects other deps.

    Args:
        name: Also names the agent's task queue.
        model: provider/model, or a whole plan. Default: the `model` setting.
        instructions: The system prompt: a text, or a function (async or not) of a `RunContext` that
        writes it from the deps, once when a run begins.
        tools: Made by `@tool` or taken from `harness.tools`; an `McpServer` stands for its tools.
        output: The type that the final answer must fit: a pydantic model, a union of models, or any
            other type that pydantic can describe. Default: text.
        fallbacks: Models to try in this order when the first one fails.
        params: Parameters of all of these models.
        budget: Limits of each run. Without `turns`, a run stops after 100 turns.
        context: What to omit when the conversation grows.
        parallel: Calls of read-only tools in one reply run side by side.
        undo_on_failure: A run that fails undoes its effects. An aborted run does so only if the
        abort requests it.
        memory: What it remembers across runs; it then has the tools `remember`, `recall` and
            `forget_memory`. Default: nothing.
        deps: A value for the tools' context, or a function (async or not) that makes it, called
        once in each worker. If it returns an async context manager, that is entered, and
        exited when the worker stops.
        gates: Async functions that look at each model or tool call, before or after it, and may
            change it, stop it, or ask a person. The type of their parameter says where they stand.
    """

    @overload
    def __init__(
        self: Agent[None, str],
        name: str,
        *,
        tools: Sequence[Tool[..., Any, None] | McpServer] = (),
        instructions: Instructions[None] = ...,
        **options: Unpack[AgentOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: Agent[None, Given],
        name: str,
        *,
        tools: Sequence[Tool[..., Any, None] | McpServer] = (),
        instructions: Instructions[None] = ...,
        output: TypeForm[Given],
        **options: Unpack[AgentOptions],
    ) -> None: ...
    @overload
    def __init__(
        self,
        name: str,
        *,
        deps: Callable[[], AbstractAsyncContextManager[Deps]],
        tools: Sequence[Tool[..., Any, Deps] | McpServer] = (),
        instructions: Instructions[Deps] = ...,
        output: TypeForm[Output] = ...,
        **options: Unpack[AgentOptions],
    ) -> None: ...
    @overload
    def __init__(
        self,
        name: str,
        *,
        deps: Callable[[], Awaitable[Deps]],
        tools: Sequence[Tool[..., Any, Deps] | McpServer] = (),
        instructions: Instructions[Deps] = ...,
        output: TypeForm[Output] = ...,
        **options: Unpack[AgentOptions],
    ) -> None: ...
    @overload
    def __init__(
        self,
        name: str,
        *,
        deps: Callable[[], Deps],
        tools: Sequence[Tool[..., Any, Deps] | McpServer] = (),
        instructions: Instructions[Deps] = ...,
        output: TypeForm[Output] = ...,
        **options: Unpack[AgentOptions],
    ) -> None: ...
    @overload
    def __init__(
        self,
        name: str,
        *,
        deps: Deps,
        tools: Sequence[Tool[..., Any, Deps] | McpServer] = (),
        instructions: Instructions[Deps] = ...,
        output: TypeForm[Output] = ...,
        **options: Unpack[AgentOptions],
    ) -> None: ...
    def __init__(
        self,
        name: str,
        *,
        model: str | ModelPlan | None = None,
        instructions: str | Callable[[RunContext[Any]], Any] = "",
        tools: Sequence[AnyTool | McpServer] = (),
        output: Any = None,
        fallbacks: Sequence[str] = (),
        params: ModelParams | None = None,
        budget: Budget | None = None,
        context: ContextPolicy | None = None,
        parallel: bool = False,
        undo_on_failure: bool = False,
        memory: MemoryPolicy | None = None,
        deps: Any = None,
        gates: Sequence[GateFunction] = (),
    ) -> None:
        check_types(
            str(name), name=name, model=model, params=params,
            budget=budget, context=context, parallel=parallel, undo_on_failure=undo_on_failure,
            memory=memory,
        )  # fmt: skip
        check_lists(name, tools=tools, fallbacks=fallbacks, gates=gates)
        if not _NAME.fullmatch(name):
            raise InvalidAgent(
                f"Agent name {name!r} cannot name a task queue.",
                fix="Use 1 to 64 letters, digits, _, . or -, starting with a letter or digit.",
            )
        if budget is not None:
            check_budget(budget)
        check_instructions_type(name, instructions)
        check_model_options(name, model, fallbacks, params)
        self.name = name
        self.model = model
        self.instructions = inspect.cleandoc(instructions) if isinstance(instructions, str) else ""
        self.write_instructions = None if isinstance(instructions, str) else instructions
        """The function that writes the instructions; None if they are a text."""
        own, self.servers = split_servers(tools)
        self.tools = _by_name(name, own if memory is None else [*own, *MEMORY_TOOLS])
        self.output = None if output is str else output
        self.output_type = read_output_type(output, name)
        """None: the output is text."""
        self.validators: list[Validator[Any, Any]] = []
        self.fallbacks = tuple(fallbacks)
        self.params = params
        self.budget = budget or Budget()
        self.context = context or ContextPolicy()
        self.parallel = parallel
        self.undo_on_failure = undo_on_failure
        self.memory = memory
        self.deps = deps
        self.gates = read_gates(gates, name)
        check_handovers(self)
        self._specs: dict[str, AgentSpec] = {}
        if model is not None:
            self.spec("")  # so that a malformed model name is refused here

    def __repr__(self) -> str:
        return f"Agent({self.name!r}, tools={list(self.tools)})"

    @property
    def queue(self) -> str:
        """The task queue that its runs wait in."""
        return agent_queue(self.name)

    def tool(self, name: str) -> AnyTool | None:
        """Find one of its tools.

        Args:
            name: The tool's name.

        Returns:
            The tool; None if the agent has no tool of that name.
        """
        return self.tools.get(name)

    def with_tools(self, tools: Sequence[AnyTool]) -> Agent[Deps, Output]:
        """Copy the agent, with more tools in place of its MCP servers.

        Args:
            tools: The tools to add.

        Returns:
            The copy.

        Raises:
            InvalidAgent: It has a tool of the same name.
        """
        made = copy.copy(self)
        made.tools = _by_name(self.name, [*self.tools.values(), *tools])
        made.servers, made._specs = (), {}
        return made

    def as_tool(
        self,
        *,
        description: str,
        name: str | None = None,
        budget: Budget | None = None,
        parallel: bool = False,
        approval: Approval = "never",
    ) -> AgentTool:
        """Make it a tool: a call runs this agent with a prompt, and returns its answer.

        Args:
            description: Tells the other agent's model what to ask it for.
            name: The tool's name. Default: the agent's, with `_` for each dot.
            budget: Limits of each such run, never above what the calling run has left. Default:
                those of this agent.
            parallel: Calls by a `parallel` agent run side by side, even if tools write.
            approval: See `@tool`; the argument is `prompt`.

        Returns:
            The tool.

        Raises:
            InvalidAgent: An option does not fit.
        """
        if budget is not None:
            check_budget(budget)
        return make_agent_tool(
            self, name=name, description=description, budget=budget, parallel=parallel,
            approval=approval,
        )  # fmt: skip

    def as_handover(
        self,
        *,
        description: str,
        name: str | None = None,
        budget: Budget | None = None,
        approval: Approval = "never",
    ) -> AgentTool:
        """Make it a tool that hands the conversation over to this agent, whose run ends the other.

        Args:
            description: Tells the other agent's model when to hand over.
            name: The tool's name. Default: `hand_over_to_` and the agent's, with `_` for each dot.
            budget: Limits of the rest, as for `as_tool`.
            approval: See `@tool`; the argument is `reason`.

        Returns:
            The tool.

        Raises:
            InvalidAgent: An option does not fit.
        """
        if budget is not None:
            check_budget(budget)
        return make_handover_tool(
            self, name=name, description=description, budget=budget, approval=approval
        )

    def policies(self) -> dict[str, ToolPolicy]:
        """The policies of its tools that a run pins, by name."""
        return {
            name: each.policy
            if each.approval == "never"
            else each.policy.model_copy(update={"approval": True})
            for name, each in self.tools.items()
        }

    def spec(self, default_model: str) -> AgentSpec:
        """Build the spec that a run pins.

        Args:
            default_model: Used if the agent does not name a model.

        Returns:
            Instructions, tool schemas, model plan and output schema.
        """
        default_model = default_model if self.model is None else ""
        made = self._specs.get(default_model)
        if made is None:
            output = self.output_type
            made = self._specs[default_model] = AgentSpec(
                name=self.name,
                instructions=self.instructions,
                plan=make_plan(self, default_model),
                tools=tuple(each.spec for each in self.tools.values()),
                output=output and output.schema,
                context=self.context,
                dynamic=True if self.write_instructions else None,
                wrapped=True if output and output.wrapped else None,
                memory=self.memory,
                gates=tuple(each.name for each in self.gates if each.place in MODEL_PLACES) or None,
            )
        return made

    def parse_output(self, data: Any) -> Output | None:
        """Read the `data` of a run as the output type.

        Args:
            data: Plain JSON.

        Returns:
            The typed value; None if the agent has no output type.

        Raises:
            InvalidOutput: It does not fit.
        """
        return None if self.output_type is None else self.output_type.parse_data(data)

    @overload
    def output_validator(
        self, fn: CheckInContext[Deps, Output], /
    ) -> CheckInContext[Deps, Output]: ...
    @overload
    def output_validator(self, fn: Check[Output], /) -> Check[Output]: ...
    def output_validator(self, fn: Callable[..., Any], /) -> Callable[..., Any]:
        """Declare a check of the final answer: `@agent.output_validator` above the function.

        Several run in the order of their declaration. It may be repeated, so it must not change
        the world.

        Args:
            fn: Takes (output) or (ctx, output), `ctx` a `RunContext`; async or not. It returns the
                output, changed or not, or raises `ModelRetry("why")` to have the model answer
                again, five times in a row at most.

        Returns:
            The function itself.
        """
        self.validators.append(read_validator(fn, self.name))
        return fn


def _by_name(agent: str, tools: Sequence[AnyTool]) -> dict[str, AnyTool]:
    found: dict[str, AnyTool] = {}
    for each in cast("Sequence[object]", tools):
        if not isinstance(each, Tool):
            called = getattr(cast("Callable[..., Any]", each), "__name__", repr(each))
            raise agent_error(agent, f"{called} is not a tool", f"Put @tool above {called}.")
        if each.name in found and found[each.name] is not each:
            raise agent_error(
                agent, f"has two tools named {each.name}", "Rename one: @tool(name=...)."
            )
        made = cast("AnyTool", each)
        if made.on_unknown == "probe" and made.hooks.probe is None:
            raise agent_error(
                agent,
                f"{each.name} has on_unknown='probe' but no probe function",
                f"Declare one under @{each.name}.probe.",
            )
        found[each.name] = made
    if any(not each.policy.inline for each in found.values()):
        found.setdefault(read_result.name, read_result)
    return found
