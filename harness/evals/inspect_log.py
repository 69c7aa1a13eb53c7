"""One agent and model of an evaluation as a log that inspect_ai's viewer opens. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from harness.contracts.transcript import digest
from harness.evals.contracts import Case, CheckResult, EvalPlan, ItemResult
from harness.evals.report import CellReport, EvalReport

STATUS = {"done": "success", "running": "started", "over_budget": "cancelled",
          "stopped": "cancelled", "interrupted": "error"}  # fmt: skip


def write_inspect_log(
    report: EvalReport,
    plan: EvalPlan,
    cell: int,
    results: Sequence[ItemResult],
    cases: Mapping[str, Case],
) -> str:
    """Write the log, in the JSON form of inspect_ai's format 2."""
    own = [each for each in results if each.cell == cell]
    shown = report.cells[cell]
    model = shown.model
    place = digest(f"{report.eval}/{cell}".encode())[:22]
    log: dict[str, Any] = {
        "version": 2,
        "status": STATUS[report.state],
        "eval": {
            "eval_id": place, "run_id": report.eval, "task_id": place, "task": report.name,
            "created": _time(report.created), "model": model, "metadata": {"agent": shown.agent},
            "dataset": {"name": report.name, "samples": report.cases},
            "config": {"epochs": plan.repeats},
        },
        "plan": {"name": shown.agent, "steps": [], "config": {}},
        "results": {
            "total_samples": plan.cases * plan.repeats,
            "completed_samples": len(own),
            "scores": [_score(name, runs, passed) for name, runs, passed in _rates(shown)],
        },
        "stats": {
            "started_at": _time(report.created),
            "completed_at": _time(report.ended or report.created),
            "model_usage": {model: _usage(shown.tokens)},
        },
        "samples": [_sample(each, cases[each.case], model) for each in own if each.case in cases],
    }  # fmt: skip
    return json.dumps(log, ensure_ascii=True)


def _rates(cell: CellReport) -> list[tuple[str, int, int]]:
    return [("passed", cell.runs, cell.passed)] + [
        (check.name, check.runs, check.passed) for check in cell.checks
    ]


def _score(name: str, runs: int, passed: int) -> dict[str, Any]:
    accuracy = {"name": "accuracy", "value": passed / runs if runs else 0.0}
    return {"name": name, "scorer": name, "metrics": {"accuracy": accuracy}}


def _sample(result: ItemResult, case: Case, model: str) -> dict[str, Any]:
    said = case.input
    messages = [{"role": "user", "content": said}] if isinstance(said, str) else [
        turn.model_dump() for turn in said
    ]  # fmt: skip
    answer = {"role": "assistant", "content": result.output, "source": "generate", "model": model}
    expected = "" if case.expected is None else case.expected
    checks = {each.name: _value(each) for each in result.checks}
    overall = {"value": "C" if result.passed else "I", "answer": result.output}
    sample: dict[str, Any] = {
        "id": case.id,
        "epoch": result.repeat + 1,
        "input": messages,
        "target": expected if isinstance(expected, str) else json.dumps(expected),
        "messages": [*messages, answer],
        "output": {
            "model": model,
            "choices": [{"message": answer, "stop_reason": "stop"}],
            "completion": result.output,
        },
        "scores": {"passed": overall, **checks},
        "metadata": {"run": result.run, "state": result.state, "tools": list(result.tools)},
        "model_usage": {model: _usage(result.tokens)},
        "total_time": result.seconds,
    }
    if result.error is not None:
        text = f"{result.error.message} [{result.error.code}]"
        sample["error"] = {"message": text, "traceback": "", "traceback_ansi": ""}
    return sample


def _value(check: CheckResult) -> dict[str, Any]:
    graded = check.score not in (0.0, 1.0)
    value: Any = check.score if graded else "C" if check.passed else "I"
    return {"value": value, "explanation": check.detail or None}


def _usage(tokens: int) -> dict[str, int]:
    return {"input_tokens": 0, "output_tokens": 0, "total_tokens": tokens}


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
