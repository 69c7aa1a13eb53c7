"""What the workflow of an evaluation takes and returns; its plan, cases and results. Pure."""

from __future__ import annotations

from typing import Any, Literal

from harness.contracts.base import Flag, Word
from harness.contracts.errors import ErrorInfo
from harness.contracts.model import ModelRef
from harness.contracts.published import PublishedAgent
from harness.contracts.run import Budget
from harness.contracts.tool import Workspace
from harness.contracts.transcript import digest
from harness.evals.checks import Check

WORKFLOW = "EvalRun"
"""The workflow's type in Temporal."""
State = Literal["running", "done", "stopped", "over_budget", "interrupted"]
KEY_CHARS = 24
"""Of the digest that names a run of an evaluation."""


class EvalStart(Word):
    """Input of the workflow. All else is in the database."""

    eval: str
    items: int
    concurrency: int
    code: str | None = None
    """The task queue of the process that has the Python functions of its checks, and the folder
    that runs have copies of."""
    first: int | None = None
    """The first item of this execution."""
    copies: Flag = None
    """That process makes a copy of a folder for each run to work in."""


class EvalItem(Word):
    """One run of one case, with one agent and model."""

    eval: str
    number: int
    workspace: Workspace | None = None
    """The copy that its run works in."""


class ItemStarted(Word):
    """What became of the run of an item."""

    run: str | None = None
    """To be checked; absent if there is nothing to check."""
    over_budget: Flag = None
    """It was not started: the evaluation has spent what it may."""


class CheckResult(Word):
    """What one check found."""

    name: str
    passed: bool
    score: float
    detail: str = ""
    broken: Flag = None
    """The check itself failed, so that nothing is known."""


class CodeChecked(Word):
    """What Python functions found, in the answer and in the recorded one."""

    results: tuple[CheckResult, ...] = ()
    was: tuple[CheckResult, ...] = ()


class CheckItem(Word):
    """Input of the activity that checks an item."""

    item: EvalItem
    run: str
    code: CodeChecked | None = None


class EvalEnd(Word):
    """Input of the activity that closes an evaluation, and result of its workflow."""

    eval: str
    state: State


class Turn(Word):
    """What was said before: the input of a case can be a conversation."""

    role: Literal["user", "assistant"]
    content: str


class Case(Word):
    """A case of the data set."""

    id: str
    input: str | tuple[Turn, ...] = ""
    expected: Any = None
    metadata: dict[str, Any] | None = None
    source: str | None = None
    """The recorded run that is replayed, with its tools answered from the record."""

    @property
    def asked(self) -> str:
        """The text of the newest message."""
        return self.input if isinstance(self.input, str) else self.input[-1].content


class Cell(Word):
    """An agent with a model."""

    agent: PublishedAgent
    model: ModelRef | None = None
    """In place of the agent's own."""

    @property
    def shown_model(self) -> str:
        return self.model or self.agent.models[0]


class EvalPlan(Word):
    """Everything that an evaluation pins when it starts."""

    name: str
    cells: tuple[Cell, ...]
    checks: tuple[Check, ...]
    judges: dict[str, PublishedAgent] = {}
    """The agent of each judge, by the title of its check."""
    cases: int
    repeats: int
    concurrency: int
    threshold: float | None = None
    budget: Budget = Budget()
    """The limits of each run, where an agent sets no others."""
    most_tokens: int | None = None
    """No run starts once all of them have used this much."""
    most_micros: int | None = None
    copies: Flag = None
    """Each run works in its own copy of a folder."""
    replay: Flag = None
    """Cases are recorded runs, whose tools do not run."""
    owner: str | None = None
    by: str

    @property
    def items(self) -> int:
        return self.cases * len(self.cells) * self.repeats

    def place(self, number: int) -> tuple[int, int, int]:
        """The case, cell and repeat of an item: every case once, before any is repeated."""
        rest, cell = divmod(number, len(self.cells))
        repeat, case = divmod(rest, self.cases)
        return case, cell, repeat


class ItemResult(Word):
    """The result of an item."""

    case: str
    cell: int
    repeat: int
    run: str | None = None
    state: str
    """The state in which its run ended."""
    passed: bool
    checks: tuple[CheckResult, ...] = ()
    was_passed: bool | None = None
    """Whether the recorded run passes the same checks."""
    turns: int = 0
    tokens: int = 0
    cost_micros: int | None = None
    seconds: float = 0.0
    judge_tokens: int = 0
    judge_micros: int | None = None
    tools: tuple[str, ...] = ()
    """The tools that it called, in order."""
    output: str = ""
    """The beginning of its answer."""
    error: ErrorInfo | None = None


def name_run(plan: EvalPlan, eval: str, number: int) -> str:
    """The id of an item's run: the same after a crash, so that nothing is paid for twice."""
    case, cell, repeat = plan.place(number)
    place = digest(f"{eval}\0{case}\0{cell}\0{repeat}".encode())
    return f"{plan.cells[cell].agent.name}-{place[:KEY_CHARS]}"


def eval_workflow(eval: str) -> str:
    """The id of an evaluation's workflow."""
    return f"eval/{eval}"
