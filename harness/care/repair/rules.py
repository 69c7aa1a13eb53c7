"""care/rules: a model that works on tickets by rules, so that everything can be tried without a
key. It reads the metrics, logs, changes and files that it gets, and says what it is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.care.repair.rules_talk import decide_in_talk
from harness.config.settings import ProviderSettings
from harness.contracts.errors import ModelNotFound
from harness.contracts.message import Message, Part, Text, ToolCall, ToolResult
from harness.contracts.model import ModelReply, ModelRequest, Usage
from harness.providers import errors
from harness.providers.adapter import Sink, Where

MODEL = "rules"
TALKS = "You talk with a person"
"""In the instructions of a conversation about a subject."""
TROUBLE = "(?i)error|exception|fail|fatal|panic|timeout"
"""In lines of logs."""
WHO = "I am care/rules, a model of rules that runs offline."
_SUBJECT = re.compile(r"^Subject: ([a-z][a-z0-9_-]{0,63})\.", re.MULTILINE)
_COMMIT = re.compile(r"^\S+ commit ([0-9a-f]{40}) ", re.MULTILINE)
_PROPOSED = re.compile(r"^commit ([0-9a-f]{40})$", re.MULTILINE)
_LOGS = re.compile(r"^Metrics: .*\. Logs: (\{[^\n]*\})\.$", re.MULTILINE)
_BAD = re.compile(r"^([a-z][a-z0-9_-]*): (broken|violated|no_data)", re.MULTILINE)
Call = tuple[str, Mapping[str, object]]


@dataclass(frozen=True)
class Seen:
    """What the conversation shows so far."""

    subject: str
    results: dict[str, str]
    """The last result of each tool."""
    failed: frozenset[str]
    """Tools whose last call failed or was rejected."""
    logs: str | None = None
    """The selector of the subject's logs."""


class CareRules:
    """The adapter of the model."""

    def __init__(self, name: str, settings: ProviderSettings) -> None:
        """Accept what every adapter accepts; there is nothing to configure."""

    async def stream(self, request: ModelRequest, sink: Sink) -> ModelReply:
        if request.model != MODEL:
            where = Where("care", request.model)
            raise errors.make_error(ModelNotFound, f"care has one model: care/{MODEL}", where)
        if TALKS in request.instructions:
            text, call = decide_in_talk(request.instructions, request.messages, decide)
        else:
            text, call = decide(request.messages)
        sink(text)
        parts: list[Part] = [Text(text=text)]
        if call is not None:
            number = sum(message.role == "assistant" for message in request.messages)
            parts.append(ToolCall(id=f"call_{number + 1}", name=call[0], arguments=dict(call[1])))
        return ModelReply(
            message=Message(role="assistant", parts=tuple(parts)),
            usage=Usage(input=_count_tokens(request.messages), output=len(text) // 4),
            finish="stop" if call is None else "tool_calls",
            model=MODEL,
        )

    async def close(self) -> None:
        return


def decide(messages: Sequence[Message]) -> tuple[str, Call | None]:
    """The next step: what it says, and the call that it makes."""
    seen = _read(messages)
    if not seen.subject:
        return f"{WHO} I work on tickets only.", None
    subject: dict[str, object] = {"subject": seen.subject}
    if "list_invariants" not in seen.results:
        return f"{WHO} First I look at what does not hold.", ("list_invariants", subject)
    if "list_changes" not in seen.results:
        return "Now I look at what was changed lately.", ("list_changes", subject)
    bad = [name for name, _ in _BAD.findall(seen.results["list_invariants"])]
    if not bad:
        return "All invariants hold. Nothing has to be changed.", None
    if not {"query_metrics", "query_logs"} & seen.results.keys():
        return "When did it begin?", _ask_for_curve(seen, bad)
    if seen.logs is not None and "query_logs" not in seen.results:
        asked = {"query": f'{seen.logs} |~ "{TROUBLE}"', "minutes": 15}
        return "What do the logs say?", ("query_logs", asked)
    return _repair(seen, bad)


def _repair(seen: Seen, bad: Sequence[str]) -> tuple[str, Call | None]:
    commit = _COMMIT.search(seen.results["list_changes"])
    can_restart = "memory" in bad or "up" in bad
    if commit is None or "propose_revert" in seen.failed:
        return _restart(seen, bad) if can_restart else _give_up(bad)
    if "note_hypothesis" not in seen.results:
        return "A commit came shortly before.", ("note_hypothesis", {
            "hypothesis": f"The commit {commit[1][:12]} broke {', '.join(bad)}.",
            "verdict": "likely",
            "evidence_for": _shorten(seen.results["list_changes"]) + _quote_logs(seen),
        })  # fmt: skip
    why = f"Revert {commit[1][:12]}: since it was deployed, {', '.join(bad)} does not hold."
    if "propose_revert" not in seen.results:
        call = {"subject": seen.subject, "commit": commit[1], "summary": why}
        return "I propose to revert it.", ("propose_revert", call)
    if "run_tests" not in seen.results:
        return "Do the tests pass?", ("run_tests", {"subject": seen.subject})
    proposed = _PROPOSED.search(seen.results["propose_revert"])
    if "deploy_change" not in seen.results and proposed is not None:
        call = {"subject": seen.subject, "commit": proposed[1], "summary": why}
        return "I ask to deploy it.", ("deploy_change", call)
    if "deploy_change" in seen.failed:
        return f"The change was not made: {_shorten(seen.results['deploy_change'])}", None
    return f"The cause was commit {commit[1][:12]}. I reverted it and deployed that.", None


def _restart(seen: Seen, bad: Sequence[str]) -> tuple[str, Call | None]:
    broken = ", ".join(bad)
    if "note_hypothesis" not in seen.results:
        return "Nothing was changed lately; the process itself may be the cause.", (
            "note_hypothesis", {
                "hypothesis": f"The process hangs, has died, or holds memory: {broken}.",
                "verdict": "likely",
                "evidence_for": _shorten(seen.results.get("query_metrics", "")) + _quote_logs(seen),
            },
        )  # fmt: skip
    if "restart_subject" not in seen.results:
        call = {
            "subject": seen.subject,
            "reason": f"{broken} does not hold, no commit is to blame.",
        }
        return "A restart may help.", ("restart_subject", call)
    if "restart_subject" in seen.failed:
        return f"It was not restarted: {_shorten(seen.results['restart_subject'])}", None
    return f"I restarted the service, since {broken} did not hold.", None


def _give_up(bad: Sequence[str]) -> tuple[str, Call | None]:
    reason = f"{', '.join(bad)} does not hold, but no commit of the last hour can be the cause"
    return f"{reason}, and a restart would not help. A person has to look.", None


def _ask_for_curve(seen: Seen, bad: Sequence[str]) -> Call:
    line = next(
        line for line in seen.results["list_invariants"].splitlines() if line.startswith(bad[0])
    )
    _, of_logs, query = line.partition("must be (LogQL): ")
    if not of_logs:
        query = line.partition("must be: ")[2]
    asked = {"query": re.sub(r" (?:[<>]=?|[!=]=) \S+$", "", query), "minutes": 15}
    return "query_logs" if of_logs else "query_metrics", asked


def _quote_logs(seen: Seen) -> str:
    """What the logs say, as evidence."""
    found = seen.results.get("query_logs")
    if found is None:
        return ""
    lines = [each for each in found.splitlines() if not each.startswith("[")]
    return _shorten("\nLogs: " + "\n".join(lines))


def _read(messages: Sequence[Message]) -> Seen:
    subject, logs = "", None
    results, failed = dict[str, str](), set[str]()
    for message in messages:
        for part in message.parts:
            match part:
                case Text(text=text) if message.role == "user" and not subject:
                    found = _SUBJECT.search(text)
                    subject = found[1] if found else ""
                    selector = _LOGS.search(text)
                    logs = selector[1] if selector else None
                case ToolResult(name=name, content=content, error=bad):
                    results[name] = content
                    (failed.add if bad else failed.discard)(name)
                case _:
                    pass
    return Seen(subject, results, frozenset(failed), logs)


def _count_tokens(messages: Sequence[Message]) -> int:
    return sum(len(message.text) for message in messages) // 4


def _shorten(text: str) -> str:
    return text[:600]
