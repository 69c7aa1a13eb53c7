"""The gates around each tool call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.contracts.errors import GateStopped
from harness.contracts.gate import GateVerdict
from harness.contracts.message import ToolResult
from harness.contracts.tool import ToolOutcome
from harness.engine.connection import Connection
from harness.gates.configured import load_gates
from harness.gates.judge import ask_gate, describe
from harness.gates.settings import GatesSettings
from harness.gates.untrusted import NAME, check_provenance
from harness.interceptors import (
    AskPerson,
    Change,
    Decision,
    Gate,
    NextTool,
    Note,
    Stop,
    ToolAnswer,
    ToolInterceptor,
    ToolUse,
)

INLINE_S = 0.3
"""How long a gate of an inline tool may take: the call has a second in all."""


def make_tool_gates(connection: Connection) -> ToolInterceptor:
    """Make what stands around each tool call of a worker process."""
    settings = connection.settings.section(GatesSettings)
    return ToolGates(settings, load_gates(settings.add))


@dataclass(frozen=True)
class ToolGates:
    """Asks the gates of tool calls, in order, and records what they decide."""

    settings: GatesSettings
    configured: Sequence[Gate] = ()

    async def call_tool(self, use: ToolUse, next: NextTool) -> ToolOutcome:
        verdicts: list[GateVerdict] = []
        gates = (*self.configured, *use.gates)
        if self.settings.profile != "off":
            decision = check_provenance(use, self.settings.profile)
            if ended := _refuse(use, NAME, decision, verdicts):
                return ended
        for gate in gates:
            if gate.place != "tool_call":
                continue
            decision = await ask_gate(gate, use, self._limit(use))
            if isinstance(decision, Change):
                use, decision = _change_arguments(use, gate, decision, verdicts)
            if ended := _refuse(use, gate.name, decision, verdicts):
                return ended
        outcome = await next(use)
        for gate in gates:
            if gate.place == "tool_result" and outcome.result is not None:
                outcome = await self._check_result(gate, use, outcome, outcome.result, verdicts)
        own = (*verdicts, *(outcome.gates or ()))
        return outcome.model_copy(update={"gates": own}) if own else outcome

    async def _check_result(
        self, gate: Gate, use: ToolUse, outcome: ToolOutcome, result: ToolResult,
        verdicts: list[GateVerdict],
    ) -> ToolOutcome:  # fmt: skip
        decision = await ask_gate(gate, ToolAnswer(use=use, result=result), self._limit(use))
        if isinstance(decision, Change) and not isinstance(decision.to, str):
            decision = Stop("it changes a result to something that is not a text")
        if isinstance(decision, AskPerson) and use.policy.effect != "read":
            # A person's refusal would read as if the call had not happened.
            decision = Stop(decision.reason)
        if isinstance(decision, Change):
            verdicts.append(_verdict(gate.name, "tool_result", decision))
            return outcome.model_copy(
                update={"result": result.model_copy(update={"content": decision.to})}
            )
        overruled = gate.name in (use.request.overruled or ())
        if decision is None or (isinstance(decision, AskPerson) and overruled):
            if decision is not None:
                verdicts.append(_verdict(gate.name, "tool_result", decision))
            return outcome
        verdicts.append(_verdict(gate.name, "tool_result", decision))
        if isinstance(decision, Note):
            return outcome
        if isinstance(decision, AskPerson):
            why = f"May the model read what {use.tool} returned? {_say(gate.name, decision)}"
            return ToolOutcome(need="approval", reason=why)
        return _withhold(use, gate.name, decision, outcome, result)

    def _limit(self, use: ToolUse) -> float:
        return min(self.settings.seconds, INLINE_S) if use.policy.inline else self.settings.seconds


def _refuse(
    use: ToolUse, gate: str, decision: Decision, verdicts: list[GateVerdict]
) -> ToolOutcome | None:
    """Record the decision, and return the outcome of a call that does not run now."""
    if decision is None or isinstance(decision, Change):
        return None
    verdicts.append(_verdict(gate, "tool_call", decision))
    if isinstance(decision, Note):
        return None
    if isinstance(decision, AskPerson):
        if gate in (use.request.overruled or ()):
            return None
        return ToolOutcome(need="approval", reason=_say(gate, decision), gates=tuple(verdicts))
    error = GateStopped(f"The call was stopped. {_say(gate, decision)}")
    call = use.request.call
    return ToolOutcome(
        result=ToolResult(call=call.id, name=call.name, content=error.message, error=True),
        failure=error.info,
        gates=tuple(verdicts),
    )


def _change_arguments(
    use: ToolUse, gate: Gate, change: Change, verdicts: list[GateVerdict]
) -> tuple[ToolUse, Decision]:
    if not isinstance(change.to, dict):
        return use, Stop("it changes the arguments to something that is not a dict")
    verdicts.append(_verdict(gate.name, "tool_call", change))
    call = use.request.call.model_copy(update={"arguments": change.to})
    return replace(use, request=use.request.model_copy(update={"call": call})), None


def _withhold(
    use: ToolUse, gate: str, stop: Stop, outcome: ToolOutcome, result: ToolResult
) -> ToolOutcome:
    done = use.policy.effect != "read" and not result.error
    begin = "The call was made; its result is withheld." if done else "The result is withheld."
    error = GateStopped(f"{begin} {_say(gate, stop)}")
    changes: dict[str, object] = {"content": error.message, "artifact": None}
    if not done:
        changes["error"] = True
    failure = outcome.failure if done else error.info
    shown = result.model_copy(update=changes)
    return outcome.model_copy(update={"result": shown, "failure": failure})


def _verdict(gate: str, place: str, decision: Change | Stop | AskPerson | Note) -> GateVerdict:
    names = {Change: "change", Stop: "stop", AskPerson: "ask", Note: "note"}
    return GateVerdict.model_validate(
        {
            "gate": gate,
            "place": place,
            "verdict": names[type(decision)],
            "reason": describe(decision.reason),
        }
    )


def _say(gate: str, decision: Stop | AskPerson) -> str:
    return f"Gate {gate}: {describe(decision.reason)}."
