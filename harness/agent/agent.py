"""Agent: instructions, a model, tools and limits under a name."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Generic, cast, overload

from pydantic import BaseModel, ValidationError
from pydantic.errors import PydanticUserError
from typing_extensions import TypeVar, Unpack

from harness.agent.checks import check_budget
from harness.agent.options import AgentOptions
from harness.agent.read_result import read_result
from harness.agent.schema import object_schema
from harness.agent.tool import AnyTool, Tool
from harness.contracts.errors import ConfigError, InvalidAgent, InvalidOutput
from harness.contracts.model import (
    AgentSpec,
    Candidate,
    Capability,
    ContextPolicy,
    ModelParams,
    ModelPlan,
)
from harness.contracts.queues import agent_queue
from harness.contracts.run import Budget
from harness.contracts.tool import ToolPolicy

Deps = TypeVar("Deps", default=None)
Output = TypeVar("Output", default=str)
Given = TypeVar("Given")
"""Output where `self` is annotated: type checkers reject the class's own parameter there."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class Agent(Generic[Deps, Output]):
    """What a user declares; runs pin what it says when they start.

    `Agent[Deps, Output]`: what its tools find as `deps` in their `ToolContext`, and what its runs
    return. `Agent[None, str]` has neither deps nor an output type. A type checker reports a tool
    whose context expects other deps.

    Args:
        name: Names the agent's task queue too.
        model: provider/model, or a whole plan. Default: the `model` setting.
        instructions: What the model is told before everything else.
        tools: Made by `@tool` or taken from `harness.tools`.
        output: A pydantic model that the final answer must fit.
        fallbacks: Models that are tried in this order when the first one fails.
        params: For all of these models.
        budget: Limits of each run. Without `turns` among them a run stops after 100.
        context: What is left out when the conversation grows.
        parallel: Calls of read-only tools in one reply run side by side.
        undo_on_failure: A run that fails for good takes back what it did to the world. Not one that
            is aborted, unless that is asked for.
        deps: What tools find in their context: a value, or a function (async or not) that makes
            it, called once in each worker. If that returns an async context manager, it is
            entered, and left when the worker stops.
    """

    @overload
    def __init__(
        self: Agent[None, str],
        name: str,
        *,
        tools: Sequence[Tool[..., Any, None]] = (),
        **options: Unpack[AgentOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: Agent[None, Given],
        name: str,
        *,
        tools: Sequence[Tool[..., Any, None]] = (),
        output: type[Given],
        **options: Unpack[AgentOptions],
    ) -> None: ...
    @overload
    def __init__(
        self,
        name: str,
        *,
        deps: Callable[[], AbstractAsyncContextManager[Deps]],
        tools: Sequence[Tool[..., Any, Deps]] = (),
        output: type[Output] = ...,
        **options: Unpack[AgentOptions],
    ) -> None: ...
    @overload
    def __init__(
        self,
        name: str,
        *,
        deps: Callable[[], Awaitable[Deps]],
        tools: Sequence[Tool[..., Any, Deps]] = (),
        output: type[Output] = ...,
        **options: Unpack[AgentOptions],
    ) -> None: ...
    @overload
    def __init__(
        self,
        name: str,
        *,
        deps: Callable[[], Deps],
        tools: Sequence[Tool[..., Any, Deps]] = (),
        output: type[Output] = ...,
        **options: Unpack[AgentOptions],
    ) -> None: ...
    @overload
    def __init__(
        self,
        name: str,
        *,
        deps: Deps,
        tools: Sequence[Tool[..., Any, Deps]] = (),
        output: type[Output] = ...,
        **options: Unpack[AgentOptions],
    ) -> None: ...
    def __init__(
        self,
        name: str,
        *,
        model: str | ModelPlan | None = None,
        instructions: str = "",
        tools: Sequence[AnyTool] = (),
        output: Any = None,
        fallbacks: Sequence[str] = (),
        params: ModelParams | None = None,
        budget: Budget | None = None,
        context: ContextPolicy | None = None,
        parallel: bool = False,
        undo_on_failure: bool = False,
        deps: Any = None,
    ) -> None:
        _check_types(
            str(name), name=name, model=model, instructions=instructions, params=params,
            budget=budget, context=context, parallel=parallel, undo_on_failure=undo_on_failure,
        )  # fmt: skip
        if not _NAME.fullmatch(name):
            raise InvalidAgent(
                f"Agent name {name!r} cannot name a task queue.",
                fix="Use 1 to 64 letters, digits, _, . or -, starting with a letter or digit.",
            )
        if budget is not None:
            check_budget(budget)
        if output is not None:
            _check_output(name, output)
        if isinstance(model, ModelPlan) and (fallbacks or params):
            raise _bad(
                name,
                "has a model plan and, beside it, fallbacks or params",
                "Put them into the plan's candidates.",
            )
        if fallbacks and model is None:
            raise _bad(name, "has fallbacks but no model", "Name the model that comes first.")
        self.name = name
        self.model = model
        self.instructions = inspect.cleandoc(instructions)
        self.tools = _by_name(name, tools)
        self.output = cast("type[Output] | None", output)
        self.fallbacks = tuple(fallbacks)
        self.params = params
        self.budget = budget or Budget()
        self.context = context or ContextPolicy()
        self.parallel = parallel
        self.undo_on_failure = undo_on_failure
        self.deps = deps
        self._specs: dict[str, AgentSpec] = {}
        if model is not None:
            self.spec("")  # so that a malformed model name is refused here

    def __repr__(self) -> str:
        return f"Agent({self.name!r}, tools={list(self.tools)})"

    @property
    def queue(self) -> str:
        return agent_queue(self.name)

    def tool(self, name: str) -> AnyTool | None:
        return self.tools.get(name)

    def policies(self) -> dict[str, ToolPolicy]:
        return {
            name: each.policy
            if each.approval == "never"
            else each.policy.model_copy(update={"approval": True})
            for name, each in self.tools.items()
        }

    def spec(self, default_model: str) -> AgentSpec:
        """What a run pins. `default_model` stands in where the agent names none."""
        default_model = default_model if self.model is None else ""
        made = self._specs.get(default_model)
        if made is None:
            made = self._specs[default_model] = AgentSpec(
                name=self.name,
                instructions=self.instructions,
                plan=self._plan(default_model),
                tools=tuple(each.spec for each in self.tools.values()),
                output=None if self.output is None else object_schema(self._output_model()),
                context=self.context,
            )
        return made

    def parse_output(self, data: Any) -> Output | None:
        """A run's `data` as the output type; None where the agent has none."""
        if self.output is None:
            return None
        try:
            return cast("Output", self._output_model().model_validate(data))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(step) for step in first["loc"]) or "the whole"
            raise InvalidOutput(
                f"The result does not fit {self.output.__name__}: {where}: {first['msg']}.",
            ) from None

    def _output_model(self) -> type[BaseModel]:
        return cast("type[BaseModel]", self.output)

    def _plan(self, default_model: str) -> ModelPlan:
        needs: list[Capability] = []
        if self.tools:
            needs.append("tools")
        if self.output is not None:
            needs.append("output")
        if isinstance(self.model, ModelPlan):
            requires = tuple(dict.fromkeys((*self.model.requires, *needs)))
            return self.model.model_copy(update={"requires": requires})
        models = (self.model or default_model, *self.fallbacks)
        return ModelPlan(
            candidates=tuple(self._candidate(model) for model in models), requires=tuple(needs)
        )

    def _candidate(self, model: str) -> Candidate:
        try:
            return Candidate(model=model, params=self.params)
        except ValidationError:
            raise _bad(
                self.name,
                f"model {model!r} is not of the form provider/model",
                'Write it like "openai/gpt-5".',
            ) from None


def _bad(name: str, problem: str, fix: str) -> ConfigError:
    return InvalidAgent(f"Agent {name}: {problem}.", fix=fix)


_TYPES: dict[str, tuple[type, ...]] = {
    "name": (str,),
    "model": (str, ModelPlan),
    "instructions": (str,),
    "params": (ModelParams,),
    "budget": (Budget,),
    "context": (ContextPolicy,),
    "parallel": (bool,),
    "undo_on_failure": (bool,),
}
_REQUIRED = ("name", "instructions", "parallel", "undo_on_failure")


def _check_types(agent: str, **given: object) -> None:
    """What the type checker would have said."""
    for option, value in given.items():
        if isinstance(value, _TYPES[option]) or (value is None and option not in _REQUIRED):
            continue
        kinds = " or ".join(kind.__name__ for kind in _TYPES[option])
        hint = "Leave it out for none." if value is None else f"Give a {kinds}."
        raise _bad(agent, f"{option}={value!r} is not a {kinds}", hint)


def _check_output(agent: str, output: Any) -> None:
    if not (inspect.isclass(output) and issubclass(output, BaseModel)):
        raise _bad(
            agent, f"output={output!r} is not a pydantic model", "Give a BaseModel subclass."
        )
    try:
        is_object = object_schema(output).get("type") == "object"
    except PydanticUserError as error:
        problem = str(error).splitlines()[0]
        raise _bad(
            agent, f"its output type has no JSON form ({problem})", "Use plain types."
        ) from None
    if not is_object:
        raise _bad(
            agent,
            f"its output type {output.__name__} is not a JSON object",
            "Put it into a field of a model.",
        )


def _by_name(agent: str, tools: Sequence[AnyTool]) -> dict[str, AnyTool]:
    found: dict[str, AnyTool] = {}
    for each in cast("Sequence[object]", tools):
        if not isinstance(each, Tool):
            called = getattr(cast("Callable[..., Any]", each), "__name__", repr(each))
            raise _bad(agent, f"{called} is not a tool", f"Put @tool above {called}.")
        if each.name in found and found[each.name] is not each:
            raise _bad(agent, f"has two tools called {each.name}", "Rename one: @tool(name=...).")
        made = cast("AnyTool", each)
        if made.on_unknown == "probe" and made.hooks.probe is None:
            raise _bad(
                agent,
                f"{each.name} says on_unknown='probe' and has no probe function",
                f"Declare one under @{each.name}.probe.",
            )
        found[each.name] = made
    if any(not each.policy.inline for each in found.values()):
        found.setdefault(read_result.name, read_result)
    return found
