"""RunHandle: a run as its callers hold it. Read it, steer it, wait for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from harness.contracts.effect import UndoReport
from harness.contracts.steering import Verdict
from harness.contracts.verdicts import Decision
from harness.contracts.whatif import WhatIfReport
from harness.forks.fork import Change
from harness.forks.whatif import Question
from harness.runs.decide import Shown
from harness.runs.steer import abort_run, decide_run, send_signal
from harness.sdk.alternatives import ask_whatif, fork_run
from harness.sdk.run_reader import RunReader
from harness.undo import client

Out = TypeVar("Out")


class RunHandle(RunReader[Out]):
    """A run: read it, steer it, wait for its result. Get one from `start` or `get_run`."""

    # --- steering: signals need no worker to be there

    async def abort(self, reason: str = "aborted", *, undo: bool = False) -> None:
        """End the run. Its model call is cut off; what there is so far is kept.

        Args:
            reason: Kept in the run's history.
            undo: Take back what it did to the world before it ends. The result's `undone` says
                how far that came.

        Raises:
            RunNotFound: No run has this id.
            RunOver: It has ended already.
        """
        await abort_run(self._connection, self.id, reason, undo=undo)

    async def hint(self, text: str, *, interrupt: bool = False) -> None:
        """Tell the run something. The model reads it with its next call.

        Args:
            text: What the model is told.
            interrupt: Cut the model call under way short, so that it is read at once.

        Raises:
            RunNotFound: No run has this id.
            RunOver: It has ended.
            TooManySignals: Too many hints wait.
        """
        await send_signal(self._connection, self.id, "hint", {"text": text, "interrupt": interrupt})

    async def pause(self, reason: str | None = None) -> None:
        """Hold the run before its next step.

        Args:
            reason: Kept in the run's history.

        Raises:
            RunNotFound: No run has this id.
            RunOver: It has ended.
        """
        await send_signal(self._connection, self.id, "pause", reason)

    async def resume(self, reason: str | None = None) -> None:
        """Let a paused run go on.

        Args:
            reason: Kept in the run's history.

        Raises:
            RunNotFound: No run has this id.
            RunOver: It has ended.
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
        key: str | None = None,
    ) -> Decision:
        """Decide what the run waits for. The decision is bound to what was shown: it is refused
        where something else waits by then.

        Args:
            verdict: `approve`, `reject`, `edit` or `answer`.
            id: An entry of `pending()`, a `decision_requested` event, or an id. May be left out
                while only one thing waits.
            note: Kept in history; the model reads it when a call is rejected.
            arguments: With `edit`: the arguments to change. They are checked against the tool.
            replace: With `edit`: `arguments` replace all others.
            answer: With `answer`: what the model reads.
            digest: Decide only what has this digest, as `Pending` shows it.
            key: The same key sent again is the same decision.

        Returns:
            The decision as the run recorded it.

        Raises:
            NotPending: Nothing waits under that id.
            PendingChanged: Something else waits by now.
            InvalidSignal: The edit does not fit the tool.
            NoWorker: The decision waits, and takes effect once a worker is there.
            RunNotFound: No run has this id.
        """
        said = {
            "verdict": verdict, "note": note, "arguments": arguments, "answer": answer,
            "digest": digest, "replace": replace or None,
        }  # fmt: skip
        return await decide_run(self._connection, self.id, id, said, key=key)

    async def approve(self, id: str | Shown | None = None, *, note: str | None = None) -> Decision:
        """Allow a call. For a call whose outcome is unknown: it did not happen, call it again.

        Args:
            id: What to approve, as in `decide`.
            note: Kept in history.

        Returns:
            The decision as the run recorded it.

        Raises:
            HarnessError: As `decide`.
        """
        return await self.decide("approve", id, note=note)

    async def reject(self, id: str | Shown | None = None, *, note: str | None = None) -> Decision:
        """Refuse a call. The model reads the note.

        Args:
            id: What to reject, as in `decide`.
            note: Why.

        Returns:
            The decision as the run recorded it.

        Raises:
            HarnessError: As `decide`.
        """
        return await self.decide("reject", id, note=note)

    async def answer(self, text: str, id: str | Shown | None = None) -> Decision:
        """Answer a question, or say what came of a call whose outcome is unknown.

        Args:
            text: What the model reads as the call's result.
            id: What to answer, as in `decide`.

        Returns:
            The decision as the run recorded it.

        Raises:
            HarnessError: As `decide`.
        """
        return await self.decide("answer", id, answer=text)

    # --- what it did, and what it might have done

    async def undo(
        self, to_turn: int | None = None, *, dry_run: bool = False, past: Sequence[str] = ()
    ) -> UndoReport:
        """Take back what the run did to the world, the newest first. A worker has to serve the
        agent; a process that hosts workers and knows the agent serves it.

        Args:
            to_turn: Take back only what it did after this turn.
            dry_run: Only report what would be done.
            past: Ids of calls to leave as they are where they cannot be undone.

        Returns:
            What was undone, and where it stopped.

        Raises:
            RunNotFound: No run has this id.
            RunBusy: It has not ended, or another undo is under way.
        """
        if self._agent:
            await self._scope.serve(self._agent)
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
        """Start a new run that goes on from turn `at` of this one. Nothing of the turns before is
        run again, and this run stays as it is.

        Args:
            at: The last turn to keep; 0 keeps none.
            hint: What the model is told in addition.
            model: Another model, as provider/model.
            instructions: Instructions in place of the agent's.
            results: What tools of the kept turns answered instead, by the ids of their calls.
            id: The id of the new run. With the same id it is started once.

        Returns:
            The new run.

        Raises:
            RunNotFound: No run has this id.
            TurnNotFound: It has no such turn.
        """
        change = Change(hint=hint, model=model, instructions=instructions, results=results or {})
        agent = self._agent
        forked = await fork_run(self._scope, self.id, at, change, agent=agent, id=id)
        return RunHandle(self._scope, forked, agent)

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
        """Ask how this run might have gone on: `n` forks after turn `at` whose tools do not run.
        `Harness.whatif` asks many runs.

        Args:
            at: The last turn to keep; 0 keeps none.
            hint: What the model is told in addition.
            model: Another model, as provider/model.
            instructions: Instructions in place of the agent's.
            results: What tools answered instead, by the ids of their calls, also in turns that
                are played back.
            n: How many forks.
            live_reads: Let tools that only read run where nothing was recorded.

        Returns:
            What came of each fork, beside what came of this run.

        Raises:
            NoWorker: No worker serves the agent.
        """
        change = Change(hint=hint, model=model, instructions=instructions, results=results or {})
        question = Question(at=at, change=change, n=n, live_reads=live_reads)

        def open_run(id: str) -> RunHandle[Any]:
            return RunHandle(self._scope, id)

        return await ask_whatif(self._scope, open_run, [self.id], question, agent=self._agent)
