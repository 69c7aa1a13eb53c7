"""care/rules: a model that works on tickets by rules, so that everything can be tried without a
key. It reads the metrics, logs, changes, files and runbooks that it gets, and says what it is.

Its name is not `offline/care`: a provider has one adapter, and that of `offline` is another's."""

from __future__ import annotations

from collections.abc import Sequence

from harness.care.repair.refusals import RESTART
from harness.care.rules.blame import describe_commits, find_culprit, weigh_commits
from harness.care.rules.remedy import (
    Cause,
    Step,
    Tried,
    carry_out,
    find_runbook,
    find_stopped,
    is_done,
    note,
)
from harness.care.rules.seen import Listed, Seen, read_conversation, read_figures
from harness.care.rules.talk import decide_in_talk
from harness.config.settings import ProviderSettings
from harness.contracts.errors import ModelNotFound
from harness.contracts.message import Message, Part, Text, ToolCall
from harness.contracts.model import ModelReply, ModelRequest, Usage
from harness.providers import errors
from harness.providers.adapter import Sink, Where

MODEL = "rules"
TALKS = "You talk with a person"
"""In the instructions of a conversation about a subject."""
WHO = "I am care/rules, a model of rules that runs offline."
LOOKS = 3
"""How often a tool that reads and fails is called."""
SAID = 300
"""Characters of a refusal that are repeated."""
WORDS_OF_ERRORS = '|~ "(?i)error|exception|fatal|refused|no space"'


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


def decide(messages: Sequence[Message]) -> Step:
    """The next step: what it says, and the call that it makes."""
    seen = read_conversation(messages)
    if not seen.subject:
        return f"{WHO} I work on tickets only.", None
    subject: dict[str, object] = {"subject": seen.subject}
    if _must_look(seen, "list_invariants"):
        return f"{WHO} First I look at what does not hold.", ("list_invariants", subject)
    listed = seen.find("list_invariants")
    if listed is None or listed.failed:
        return "The invariants cannot be read. A person has to look.", None
    if _must_look(seen, "list_changes"):
        return "Now I look at what was changed lately.", ("list_changes", subject)
    broken = seen.list_broken()
    if not broken:
        return "All invariants hold. Nothing has to be changed.", None
    tool = broken[0].tool
    if seen.find(tool) is None:
        call = {"query": broken[0].query, "minutes": 15}
        return "When did it begin?", (tool, call)
    lines = f"{seen.logs} {WORDS_OF_ERRORS}"
    read = seen.find("query_logs", query=lines) if tool == "query_logs" else seen.find("query_logs")
    if seen.logs and read is None:
        call = {"query": lines, "minutes": 15}
        return "What do the logs say?", ("query_logs", call)
    if seen.runbooks and seen.find("find_runbooks") is None:
        call = {**subject, "words": broken[0].name}
        return "Is there a runbook for this?", ("find_runbooks", call)
    return _repair(seen, broken)


def _must_look(seen: Seen, tool: str) -> bool:
    """Whether to call a tool that reads, again if it has failed: what it needs may be back."""
    calls = [each for each in seen.results if each.tool == tool]
    return not calls or (calls[-1].failed and len(calls) < LOOKS)


def _repair(seen: Seen, broken: list[Listed]) -> Step:
    names = ", ".join(each.name for each in broken)
    weighed = weigh_commits(seen, broken)
    culprit = find_culprit(weighed)
    if culprit is None:
        commits = describe_commits(seen, broken, weighed)
        return _repair_without_commit(seen, broken, Tried(commits, commits))
    commit = culprit.name[:12]
    if commit in seen.refused:
        return f"A person has refused to revert {commit}. A person has to look.", None
    why = f"Revert {commit}: since it was deployed, {names} does not hold."
    evidence = f"{culprit.line}\n{_collect_evidence(seen, broken)}"
    blamed = Cause(f"The commit {commit} broke {names}.", evidence, "revert", why, culprit.name)
    reverted = seen.find("propose_revert")
    if reverted is None or not reverted.failed:
        return carry_out(seen, blamed)
    return _go_on_without(seen, broken, blamed, reverted.content[:SAID])


def _go_on_without(seen: Seen, broken: list[Listed], blamed: Cause, refused: str) -> Step:
    """What else may help, if a commit cannot be reverted. What becomes of its hypothesis is noted:
    nobody should decide by one that was given up."""
    commit = blamed.commit[:12]
    if not seen.has_noted(blamed.hypothesis, "open"):
        against = f"Whether it is the cause was not tried, since it cannot be reverted: {refused}"
        return note(blamed.hypothesis, "open", against)
    restarted = seen.find("restart_subject")
    if is_done(restarted) and not seen.has_noted(blamed.hypothesis, "refuted"):
        against = f"After a restart the service is healthy with {commit}."
        return note(blamed.hypothesis, "refuted", against)
    tried = Tried(
        f"The commit {commit} may be the cause, but it cannot be reverted: {refused}",
        f"{commit}, which was made before, is not the cause: with it the service is healthy again.",
    )
    return _repair_without_commit(seen, broken, tried)


def _repair_without_commit(seen: Seen, broken: list[Listed], tried: Tried) -> Step:
    names = ", ".join(each.name for each in broken)
    evidence = f"{tried.before}\n{_collect_evidence(seen, broken)}"
    runbook, call = find_runbook(seen, broken)
    if runbook is not None and call is not None:
        return f"Does the condition of {runbook.name} hold?", call
    if runbook is not None and runbook.do == "ask":
        return f"{runbook.name} says that a person has to act: {runbook.title}.", None
    if runbook is not None:
        why = f"{runbook.do}, as {runbook.name} says: {names} does not hold. {tried.before}"
        cause = Cause(
            f"{runbook.title}.", evidence, runbook.do, why, runbook=runbook.name, tried=tried
        )
        return carry_out(seen, cause)
    stopped = find_stopped(broken)
    if stopped is None:
        reason = f"{names} does not hold. {tried.before} Nothing says that a restart would help"
        return f"{reason}, and no runbook fits. A person has to look.", None
    if RESTART in seen.refused:
        return "A person has refused a restart. A person has to look.", None
    evidence = f"{stopped.described}\n{evidence}"
    why = f"{stopped.described} {tried.before}"
    return carry_out(seen, Cause(stopped.hypothesis, evidence, "restart", why, tried=tried))


def _collect_evidence(seen: Seen, broken: list[Listed]) -> str:
    """What the metrics say, and the newest lines of the logs."""
    asked = seen.find("query_metrics", query=broken[0].query) or seen.find("query_metrics")
    lines = [read_figures(asked.content if asked else "")[:400]]
    logs = seen.find("query_logs")
    if logs is not None and not logs.failed:
        lines += [f"log: {line[:120]}" for line in read_figures(logs.content).splitlines()[:2]]
    return "\n".join(filter(None, lines))


def _count_tokens(messages: Sequence[Message]) -> int:
    return sum(len(message.text) for message in messages) // 4
