"""Print the events of a run for a person, as they happen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from rich.console import Console

from harness.contracts import event as e
from harness.contracts.clean_text import clean_line
from harness.contracts.errors import ErrorInfo, SharedBudgetReached
from harness.contracts.event import Event
from harness.contracts.run import RunState
from harness.contracts.steering import Decided
from harness.contracts.verdicts import describe_done
from harness.terminal.view.arguments import argument_block
from harness.terminal.view.text import (
    clean_shown,
    count_of,
    describe_prompt,
    describe_retry,
    describe_undone,
    format_call,
    format_duration,
    format_totals,
    one_line,
    refusal_kind,
)

STYLES = {
    RunState.COMPLETED: "good",
    RunState.FAILED: "bad",
    RunState.ABORTED: "ask",
    RunState.WAITING: "ask",
    RunState.PAUSED: "ask",
}
ASKS = {"answer": "asks", "outcome": "outcome unknown, waiting for a decision"}

TRUNCATED = "the answer was cut off at the model's output limit (max_output_tokens)"


class View(Protocol):
    """Shows a run: on a person's terminal, or as JSON lines."""

    def show(self, event: Event) -> None: ...

    def note(self, text: str) -> None: ...


class RunView:
    """Prints to a terminal. Remembers only what the summary at the end needs. `brief` omits what
    every answer of a chat repeats."""

    def __init__(self, console: Console, url: str | None = None, *, brief: bool = False) -> None:
        self.console = console
        self._brief = brief
        self._url = url
        self._text_open = False
        self._shown = False
        """Whether some text of the current answer has been printed."""
        self._started: float | None = None
        self._first_ms: float | None = None
        self._model = ""
        self._turn = 0
        self._refused: tuple[str, str] | None = None
        """The kind of the last refused signal, if no other event followed."""
        self._more = 0
        """Further refused signals of that kind."""

    def show(self, event: Event) -> None:
        rule = _RULES.get(type(event))
        if rule is not None:
            if not isinstance(event, e.SignalRefused):
                self._end_refusals(None)
            if not isinstance(event, e.OutputDelta):
                self._close_text()
            rule(self, event)

    def note(self, text: str) -> None:
        self._close_text()
        self._print_line(text, "ask")

    def ask(self, text: str) -> None:
        """Print a question; the answer is typed after it."""
        self._close_text()
        self.console.print(clean_shown(text), style="ask", end=" ", soft_wrap=True)

    def write(self, lines: Sequence[str]) -> None:
        if lines:
            self._print_line("\n".join(lines))  # each call of rich is slow

    # --- one rule for each kind of event

    def run_started(self, event: e.RunStarted) -> None:
        if event.continued:
            self._print_line("continues in a new history", "quiet")
            return
        self._started = event.at
        if self._brief:
            return
        self._print_line(f"{event.agent} on {event.model}, run {event.run}", "bold")
        if event.template:
            self._print_line(f"prompt {describe_prompt(event.template)}", "quiet")
        if event.parent:
            self._print_line(f"fork of {event.parent.run} at turn {event.parent.turn}", "quiet")
        if self._url:
            self._print_line(self._url, "quiet")

    def state_changed(self, event: e.StateChanged) -> None:
        if event.state is RunState.PAUSED:
            self._print_line(f"‖ paused: harness resume {event.run}", "ask")

    def model_called(self, event: e.ModelCalled) -> None:
        self._shown = False
        hints = [m.text for m in event.messages if m.origin == "hint"]
        for text in hints:
            self._print_line(f"  hint applied: {one_line(text)}", "ask")
        if self._brief:
            return
        if event.turn != self._turn or event.model != self._model:
            model = f" · {event.model}" if event.model != self._model else ""
            self._print_line(f"turn {event.turn}{model}", "quiet")
            self._turn, self._model = event.turn, event.model

    def output_delta(self, event: e.OutputDelta) -> None:
        self._text_open = self._shown = True
        self.console.print(clean_shown(event.text), end="", soft_wrap=True)

    def output_reset(self, _event: e.OutputReset) -> None:
        if self._shown:
            self._print_line("  (discarded: the model is restarting this answer)", "ask")
        self._shown = False

    def output_gap(self, _event: e.OutputGap) -> None:
        self._print_line("  (some text was missed; the full text follows)", "quiet")

    def attempt_failed(self, event: e.AttemptFailed) -> None:
        self._print_line(f"  ✗ {describe_retry(event.retry, event.at)}", "ask")

    def model_replied(self, event: e.ModelReplied) -> None:
        if self._first_ms is None and event.message.text:
            self._first_ms = event.first_ms
        if event.attempts > 1:
            why = f": {one_line(event.last_failure)}" if event.last_failure else ""
            self._print_line(f"  took {event.attempts} attempts{why}", "ask")
        for fallback in event.fallbacks or ():
            self._print_line(f"  fell back from {fallback.model}: {fallback.code}", "ask")
        if event.interrupted:
            self._print_line("  (interrupted)", "ask")
        if event.truncated:
            self._print_line(f"  {TRUNCATED}", "ask")

    def model_failed(self, event: e.ModelFailed) -> None:
        if event.error.code == SharedBudgetReached.code:  # the question that follows says it all
            self._print_line(f"  ✗ the model was not called [{event.error.code}]", "bad")
            return
        self._print_line(f"  ✗ the model call failed: {_error_text(event.error)}", "bad")

    def context_compacted(self, event: e.ContextCompacted) -> None:
        old = count_of(event.summarized, "message")
        sizes = f"{event.before:,} → ~{event.after:,} tokens"
        self._print_line(f"  ≡ {old} summarized for the model, {sizes}", "quiet")

    def compaction_failed(self, event: e.CompactionFailed) -> None:
        self._print_line(f"  ✗ could not summarize: {_error_text(event.error)}", "bad")

    def tool_requested(self, event: e.ToolCallRequested) -> None:
        self._print_line(f"  → {format_call(event.call.name, event.call.arguments)}", "call")

    def tool_started(self, event: e.ToolCallStarted) -> None:
        if event.edited:
            self._print_line(f"  → {format_call(event.name, event.arguments)} (edited)", "call")

    def tool_progress(self, event: e.ToolProgress) -> None:
        self._print_line(f"    {one_line(event.text)}", "quiet")

    def tool_finished(self, event: e.ToolCallFinished) -> None:
        if event.attempts == 0 and event.decided and not event.unrun:
            return  # the line of the decision covers it
        facts = [format_duration(event.ms / 1000)] if event.ms is not None and event.ms >= 1 else []
        if event.attempts > 1:
            facts.append(f"{event.attempts} attempts")
        self.console.print(
            "  ← " if event.ok else "  ✗ ", style="good" if event.ok else "bad", end=""
        )
        self.console.print(
            f"{clean_line(event.name)}: {one_line(event.content)}", end="", soft_wrap=True
        )
        self.console.print(f"  {' · '.join(facts)}" if facts else "", style="quiet")

    def child_started(self, event: e.ChildStarted) -> None:
        if event.handover:
            self._print_line(f"  ⇢ {event.agent} takes over: run {event.child}", "call")

    def child_ended(self, event: e.ChildEnded) -> None:
        if event.answer:
            self.console.print(clean_shown(event.answer), soft_wrap=True)

    def decision_requested(self, event: e.DecisionRequested) -> None:
        what = f"{clean_line(event.tool)}: " if event.tool else ""
        asks = ASKS.get(event.need, "waiting for a decision")
        self._print_line(f"  ? {asks} ({event.id}): {what}{one_line(event.question, 2_000)}", "ask")
        if event.need != "answer":
            self.write(argument_block(event.asked, f"harness show {event.run}"))

    def decision_made(self, event: e.DecisionMade) -> None:
        self._print_line(f"  {describe_decision(event)}", "ask")

    def hint_received(self, event: e.HintReceived) -> None:
        self._print_line(f"  hint{_by_person(event.by)}: {one_line(event.text)}", "ask")

    def steering_requested(self, event: Any) -> None:
        words = {
            "pause_requested": "pause",
            "resume_requested": "resume",
            "abort_requested": "abort",
        }
        reason = f": {one_line(event.reason)}" if event.reason else ""
        self._print_line(f"  {words[event.type]}{_by_person(event.by)}{reason}", "ask")

    def signal_refused(self, event: e.SignalRefused) -> None:
        kind = refusal_kind(event)
        if kind == self._refused:
            self._more += 1
            return
        self._end_refusals(kind)
        self._print_line(
            f"  ✗ signal {event.signal} refused: {one_line(event.message, 400)}", "bad"
        )

    def budget_reached(self, event: e.BudgetReached) -> None:
        self._print_line(f"  budget reached: {one_line(event.budget)}", "ask")

    def undo_started(self, event: e.UndoStarted) -> None:
        self._print_line(f"  undoing its effects ({event.workflow})", "ask")

    def effects_undone(self, event: e.EffectsUndone) -> None:
        self._print_line(
            f"  {describe_undone(event.undone)}", "ask" if event.undone.whole else "bad"
        )

    def run_branched(self, event: e.Branched) -> None:
        self._print_line(
            f"  reset: continues from an earlier point ({one_line(event.reason)})", "ask"
        )

    def run_ended(self, event: e.RunEnded) -> None:
        facts = [format_totals(event.totals)] if event.totals else []
        if self._started is not None:
            facts.append(format_duration(event.at - self._started))
        if self._first_ms is not None and self._first_ms >= 1:
            facts.append(f"first token after {format_duration(self._first_ms / 1000)}")
        if self._brief and event.state is RunState.COMPLETED and not event.truncated:
            self._print_line(" · ".join(facts), "quiet")
            return
        self.console.print()
        state = f"{event.state.value}, truncated" if event.truncated else event.state.value
        style = "ask" if event.truncated else STYLES.get(event.state, "")
        self._print_state(state, style, " · ".join(facts))
        if event.truncated:
            self._print_line(f"  {TRUNCATED}", "ask")
        if event.reason:
            self._print_line(f"  reason: {one_line(event.reason, 400)}", "ask")
        if event.error:
            self._print_line(f"  {_error_text(event.error)}", "bad")
        if self._url and not (self._brief and event.state is RunState.ABORTED):
            self._print_line(f"  {self._url}", "quiet")

    # --- inside

    def _print_state(self, state: str, style: str, facts: str) -> None:
        self.console.print(state, style=style, end="")
        self.console.print(f"  {facts}", style="quiet", soft_wrap=True)

    def _print_line(self, text: str, style: str = "") -> None:
        self.console.print(clean_shown(text), style=style, soft_wrap=True)

    def _end_refusals(self, kind: tuple[str, str] | None) -> None:
        if self._refused and self._more:
            more = count_of(self._more, f"more {self._refused[0]} signal")
            self._print_line(f"  ✗ {more} refused", "bad")
        self._refused, self._more = kind, 0

    def _close_text(self) -> None:
        if self._text_open:
            self._text_open = False
            self.console.print()


def describe_decision(event: e.DecisionMade | Decided) -> str:
    """A decision in words: verdict, person, note, answer, arguments."""
    by = f" by {event.by}" if event.by else ""
    said = [event.note, event.answer] if event.verdict == "answer" else [event.note]
    words = "".join(f": {one_line(each, 400)}" for each in said if each)
    edit = f", to {format_call('', event.arguments)}" if event.verdict == "edit" else ""
    return f"{describe_done(event.need, event.verdict)}{by}{edit}{words}"


def _by_person(who: str | None) -> str:
    return f" by {who}" if who else ""


def _error_text(error: ErrorInfo) -> str:
    return f"{one_line(error.message, 600)} [{error.code}] {error.fix}"


_RULES: dict[type[Any], Callable[[RunView, Any], None]] = {
    e.RunStarted: RunView.run_started,
    e.StateChanged: RunView.state_changed,
    e.ModelCalled: RunView.model_called,
    e.ModelReplied: RunView.model_replied,
    e.ModelFailed: RunView.model_failed,
    e.ContextCompacted: RunView.context_compacted,
    e.CompactionFailed: RunView.compaction_failed,
    e.ToolCallRequested: RunView.tool_requested,
    e.ToolCallStarted: RunView.tool_started,
    e.ToolCallFinished: RunView.tool_finished,
    e.ChildStarted: RunView.child_started,
    e.ChildEnded: RunView.child_ended,
    e.DecisionRequested: RunView.decision_requested,
    e.DecisionMade: RunView.decision_made,
    e.HintReceived: RunView.hint_received,
    e.PauseRequested: RunView.steering_requested,
    e.ResumeRequested: RunView.steering_requested,
    e.AbortRequested: RunView.steering_requested,
    e.SignalRefused: RunView.signal_refused,
    e.BudgetReached: RunView.budget_reached,
    e.UndoStarted: RunView.undo_started,
    e.EffectsUndone: RunView.effects_undone,
    e.Branched: RunView.run_branched,
    e.RunEnded: RunView.run_ended,
    e.OutputDelta: RunView.output_delta,
    e.OutputReset: RunView.output_reset,
    e.OutputGap: RunView.output_gap,
    e.AttemptFailed: RunView.attempt_failed,
    e.ToolProgress: RunView.tool_progress,
}
