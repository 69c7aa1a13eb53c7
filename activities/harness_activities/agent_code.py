"""The activities that call functions of an agent: its instructions function and output validators.

They run on the agent's own queue, where its deps are: a model call may run on a provider's queue,
in a process that does not have the agent.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from typing import Any

from temporalio import activity

from harness.agent import Agent, ModelRetry, RunContext
from harness.agent.output import OutputType
from harness.commons.log import guarded_logger
from harness.contracts.agent_code import CheckedOutput, CheckOutput, WriteInstructions
from harness.contracts.errors import AgentFunctionFailed, HarnessError, InvalidOutput
from harness_activities.heartbeats import sending_heartbeats
from harness_activities.parts import Activity, AgentParts
from harness_activities.tool_call.failures import clean_message, describe_error
from harness_activities.tool_call.toolbox import Toolbox


def make_activities(parts: AgentParts) -> list[Activity]:
    """The activities that call an agent's functions."""
    activities = AgentActivities(parts.box)
    return [activities.write_instructions, activities.check_output]


class AgentActivities:
    """Calls the functions of one agent, in one worker."""

    def __init__(self, box: Toolbox) -> None:
        self._box = box
        self._agent: Agent[Any, Any] = box.agent

    @activity.defn(name="write_instructions")
    async def write_instructions(self, request: WriteInstructions) -> str:  # noqa: ARG002
        """Call the agent's instructions function with its deps."""
        agent, write = self._agent, self._agent.write_instructions
        if write is None:  # a newer version of the agent, whose instructions are text
            return agent.instructions
        function = f"The instructions function {_name_of(write)} of agent {agent.name}"
        with sending_heartbeats():
            context = await self._make_context()
            try:
                written = await self._box.invoke(write, context)
            except Exception as error:
                raise _wrap_error(function, error) from error
        if not isinstance(written, str):
            raise AgentFunctionFailed(
                f"{function} returned {type(written).__name__}, not str.",
                fix="Return the instructions as a text.",
            )
        return inspect.cleandoc(written)

    @activity.defn(name="check_output")
    async def check_output(self, request: CheckOutput) -> CheckedOutput:
        """Run the agent's output validators on a final answer."""
        agent, kind = self._agent, self._agent.output_type
        try:
            given = request.text if kind is None else kind.parse_data(request.data)
        except InvalidOutput as error:
            return CheckedOutput(invalid=f"{clean_message(error.message)} Answer again.")
        with sending_heartbeats():
            try:
                value = await self._run_validators(given) if agent.validators else given
            except ModelRetry as why:
                return CheckedOutput(invalid=clean_message(str(why)) or "Your answer is invalid.")
        return _compare_output(kind, given, value)

    async def _run_validators(self, value: Any) -> Any:
        context = await self._make_context()
        for each in self._agent.validators:
            try:
                value = await self._box.invoke(each.fn, *each.build_arguments(context, value))
            except ModelRetry:
                raise
            except Exception as error:
                raise _wrap_error(f"The output validator {_name_of(each.fn)}", error) from error
        return value

    async def _make_context(self) -> RunContext[Any]:
        run = activity.info().workflow_id or ""
        logger = guarded_logger(f"harness.agents.{self._agent.name}")
        return RunContext(
            deps=await self._box.get_deps(),
            run=run,
            logger=logging.LoggerAdapter(logger, {"run": run}),
        )


def _compare_output(kind: OutputType | None, given: Any, value: Any) -> CheckedOutput:
    """Return what the validators changed. One that returns None most likely lacks a return."""
    if value is None and given is not None:
        raise AgentFunctionFailed(
            "An output validator returned None.", fix="Return the output from each validator."
        )
    if kind is None:
        if not isinstance(value, str):
            raise AgentFunctionFailed(
                f"An output validator returned {type(value).__name__}, not str.",
                fix="Return the text, changed or not.",
            )
        return CheckedOutput(text=value if value != given else None)
    before, data = kind.dump_value(given), kind.dump_value(value)
    return CheckedOutput(data=data if data != before else None)


def _wrap_error(what: str, error: Exception) -> Exception:
    """Make the error to raise: as with tools, exceptions of the function are not retried; errors of
    harness keep their class."""
    if isinstance(error, HarnessError):
        return error
    return AgentFunctionFailed(f"{what} failed: {describe_error(error)}")


def _name_of(fn: Callable[..., Any]) -> str:
    return getattr(fn, "__name__", None) or repr(fn)
