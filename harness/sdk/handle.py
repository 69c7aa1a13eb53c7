"""RunHandle: reads, steers and awaits one run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from harness.contracts.effect import UndoReport
from harness.contracts.ruling import Remember
from harness.contracts.steering import Verdict
from harness.contracts.verdicts import Decision
from harness.contracts.whatif import WhatIfReport
from harness.forks.fork import Change
from harness.forks.whatif import Question
from harness.runs.decide import Shown
from harness.runs.steer import abort_run, decide_run, send_signal
from harness.sdk.forks import ask_whatif, fork_run
from harness.sdk.run_reader import RunReader
from harness.undo import client

Out = TypeVar("Out")


class RunHandle(RunReader[Out]):
    """A handle of one run, to read, steer and await it. `start` and `get_run` return one."""

    # --- steering: signals need no worker

    async def abort(self, reason: str = "aborted", *, undo: bool = False) -> None:
        """End the run. Its model call is cancelled; the results so far are kept.

        Args:
            reason: Recorded in the run's history.
            undo: Undo its effects before it ends. The result's `undone` says what was undone.

        Raises:
            RunNotFound: No run has this id.
            RunOver: The run has already ended.
        """
        await abort_run(self._connection, self.id, reason, undo=undo)

    async def hint(self, text: str, *, interrupt: bool = False) -> None:
        """Send the run a hint. The model reads it at its next call.

        Args:
            text: The hint.
            interrupt: Interrupt the model call in progress, so that the hint is read at once.

        Raises:
            RunNotFound: No run has this id.
            RunOver: The run has already ended.
            TooManySignals: Too many hints are waiting.
        """
        await send_signal(self._connection, self.id, "hint", {"text": text, "interrupt": interrupt})

    async def pause(self, reason: str | None = None) -> None:
        """Pause the run before its next step.

        Args:
            reason: Recorded in the run's history.

        Raises:
            RunNotFound: No run has this id.
            RunOver: The run has already ended.
        """
        await send_signal(self._connection, self.id, "pause", reason)

    async def resume(self, reason: str | None = None) -> None:
        """Resume a paused run.

        Args:
            reason: Recorded in the run's history.

        Raises:
            RunNotFound: No run has this id.
            RunOver: The run has already ended.
        """
        await send_signal(self._connection, self.id, "resume", reason)

    # --- decisions

    async def decide(
        self,
        verdict: Verdict,
        id: str | Shown | None = None,
        *,
        note: str | None = None,
        arguments: dict[str, Any] | None = None,
        replace: bool = False,
        answer: str | None = None,
        digest: str | None = None,
        remember: Remember | None = None,
        key: str | None = None,
    ) -> Decision:
        """Decide what the run is waiting for. The decision is bound to what was shown: it is
        refused if something else is waiting by then.

        Args:
            verdict: `approve`, `reject`, `edit` or `answer`.
            id: An entry of `pending()`, a `decision_requested` event, or an id. May be omitted if
                only one thing is waiting.
            note: Recorded in history; the model reads it when a call is rejected.
            arguments: With `edit`: the arguments to change. The tool's schema checks them.
            replace: With `edit`: `arguments` replaces all arguments of the call.
            answer: With `answer`: the text that the model reads.
            digest: Decide only if the pending call has this digest (see `Pending`).
            remember: With `approve` or `edit`: allow later calls of the session too, if the rule of
                the policy permits that. True: with equal arguments; or the names of the arguments
                that have to be equal.
            key: Decisions sent with the same key count once.

        Returns:
            The decision as the run recorded it.

        Raises:
            NotPending: Nothing is waiting under that id.
            PendingChanged: Something else is waiting by now.
            InvalidSignal: The edit does not fit the tool's schema.
            NoWorker: No worker answered. The decision takes effect when one starts.
            RunNotFound: No run has this id.
        """
        fields = {
            "verdict": verdict, "note": note, "arguments": arguments, "answer": answer,
            "digest": digest, "replace": replace or None, "remember": remember,
        }  # fmt: skip
        return await decide_run(self._connection, self.id, id, fields, key=key)

    async def approve(self, id: str | Shown | None = None, *, note: str | None = None) -> Decision:
        """Approve a call. A call whose outcome is unknown is made again: approve it if it did not
        happen.

        Args:
            id: What to approve, as in `decide`.
            note: Recorded in history.

        Returns:
            The decision as the run recorded it.

        Raises:
            HarnessError: As for `decide`.
        """
        return await self.decide("approve", id, note=note)

    async def reject(self, id: str | Shown | None = None, *, note: str | None = None) -> Decision:
        """Reject a call. The model reads the note.

        Args:
            id: What to reject, as in `decide`.
            note: The reason.

        Returns:
            The decision as the run recorded it.

        Raises:
            HarnessError: As for `decide`.
        """
        return await self.decide("reject", id, note=note)

    async def answer(self, text: str, id: str | Shown | None = None) -> Decision:
        """Answer a question, or give the result of a call whose outcome is unknown.

        Args:
            text: The model reads it as the call's result.
            id: What to answer, as in `decide`.

        Returns:
            The decision as the run recorded it.

        Raises:
            HarnessError: As for `decide`.
        """
        return await self.decide("answer", id, answer=text)

    # --- undo, fork, what-if

    async def undo(
        self, to_turn: int | None = None, *, dry_run: bool = False, past: Sequence[str] = ()
    ) -> UndoReport:
        """Undo the run's effects, newest first. A worker must serve the agent; if this process
        hosts workers and the handle has its agent, this process does.

        Args:
            to_turn: Undo only effects after this turn.
            dry_run: Only report what would be undone, and what has changed since. Needs no worker,
                but without one, no target can be checked.
            past: Ids of calls that cannot be undone and are to be skipped.

        Returns:
            What was undone, and where it stopped.

        Raises:
            RunNotFound: No run has this id.
            RunBusy: The run has not ended, or another undo is in progress.
        """
        if self._agent:
            await self._context.serve(self._agent)
        return await client.undo_run(
            self._connection, self.id, to_turn=to_turn, dry_run=dry_run, past=past
        )

    async def fork(
        self,
        at: int,
        *,
        hint: str | None = None,
        model: str | None = None,
        instructions: str | None = None,
        results: Mapping[str, str] | None = None,
        id: str | None = None,
    ) -> RunHandle[Out]:
        """Start a new run that continues this one after turn `at`. The kept turns do not run
        again, and this run does not change.

        Args:
            at: The last turn to keep; 0 keeps none.
            hint: A hint that the model reads in addition.
            model: Replaces the model, as provider/model.
            instructions: Replaces the agent's instructions.
            results: Other results of calls in the kept turns, by call id.
            id: The id of the new run. Calls with the same id start one run.

        Returns:
            A handle of the new run.

        Raises:
            RunNotFound: No run has this id.
            TurnNotFound: The run has no such turn.
        """
        change = Change(hint=hint, model=model, instructions=instructions, results=results or {})
        agent = self._agent
        forked = await fork_run(self._context, self.id, at, change, agent=agent, id=id)
        return RunHandle(self._context, forked, agent)

    async def whatif(
        self,
        at: int,
        *,
        hint: str | None = None,
        model: str | None = None,
        instructions: str | None = None,
        results: Mapping[str, str] | None = None,
        n: int = 5,
        live_reads: bool = False,
    ) -> WhatIfReport:
        """Explore how this run might have continued: fork it `n` times after turn `at`. The forks
        run no tools. `Harness.whatif` does so for many runs.

        Args:
            at: The last turn to keep; 0 keeps none.
            hint: A hint that the model reads in addition.
            model: Replaces the model, as provider/model.
            instructions: Replaces the agent's instructions.
            results: Other results of calls, by call id, including those in turns that are played
                back.
            n: The number of forks.
            live_reads: Run read-only tools where nothing was recorded.

        Returns:
            The outcome of each fork, next to that of this run.

        Raises:
            NoWorker: No worker serves the agent.
        """
        change = Change(hint=hint, model=model, instructions=instructions, results=results or {})
        question = Question(at=at, change=change, n=n, live_reads=live_reads)

        def open_run(id: str) -> RunHandle[Any]:
            return RunHandle(self._context, id)

        return await ask_whatif(self._context, open_run, [self.id], question, agent=self._agent)
