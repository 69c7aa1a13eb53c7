"""The table: medians with the least and the most over the rounds, and ratios to the floor.

python -m bench.report FILE.jsonl
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from bench.measure import spread

Rows = list[dict[str, Any]]
COLUMNS = {
    "alone_ms": "ms alone",
    "rps": "runs/s, 50 at once",
    "cpu_worker_ms": "CPU ms a run: worker",
    "cpu_engine_ms": "engine",
    "cpu_database_ms": "database",
    "bytes": "bytes of history",
    "memory_mb": "MB",
    "others": "cores used by others",
}
BASE = "floor"


def table(rows: Rows) -> str:
    good = [row for row in rows if "error" not in row]
    names = list(dict.fromkeys(row["name"] for row in good))
    names.sort(key=lambda name: -_median(good, name, "rps"))
    lines = [
        "| contestant | " + " | ".join(COLUMNS.values()) + " |",
        "|---|" + "---|" * len(COLUMNS),
    ]
    lines += ["| " + " | ".join([name, *_cells(good, name)]) + " |" for name in names]
    if any(row["name"] == BASE for row in good):
        lines += ["", *_ratios(good, names)]
    return "\n".join(lines)


def _cells(rows: Rows, name: str) -> list[str]:
    own = [row for row in rows if row["name"] == name]
    return [str(spread([row[key] for row in own])) for key in COLUMNS]


def _median(rows: Rows, name: str, key: str) -> float:
    return spread([row[key] for row in rows if row["name"] == name]).median


def _ratios(rows: Rows, names: list[str]) -> list[str]:
    """Each round against the floor of the same round: 1 is as good, more is better."""
    lines = [
        f"| against the {BASE}, each in its round | runs/s | latency | CPU: worker | all CPU |",
        "|---|---|---|---|---|",
    ]
    for name in names:
        pairs = [
            (row, base)
            for row in rows
            for base in rows
            if row["name"] == name
            and base["name"] == BASE
            and (row.get("batch"), row["round"]) == (base.get("batch"), base["round"])
        ]
        if not pairs:
            continue
        cells = (
            spread([row["rps"] / base["rps"] for row, base in pairs]),
            spread([base["alone_ms"] / row["alone_ms"] for row, base in pairs]),
            spread([base["cpu_worker_ms"] / row["cpu_worker_ms"] for row, base in pairs]),
            spread([_cpu(base) / _cpu(row) for row, base in pairs]),
        )
        lines.append(f"| {name} | " + " | ".join(map(str, cells)) + " |")
    return lines


def _cpu(row: dict[str, Any]) -> float:
    """All that a run costs but the model server."""
    return row["cpu_worker_ms"] + row["cpu_engine_ms"] + row["cpu_database_ms"]


if __name__ == "__main__":
    print(table([json.loads(line) for line in Path(sys.argv[1]).read_text().splitlines()]))
