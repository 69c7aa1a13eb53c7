"""Which causes the statistics of care point to without a model, on OpenSRE's synthetic incidents.

Takes a folder of incidents as in `tests/synthetic/rds_postgres` of github.com/Tracer-Cloud/opensre:
each folder has `scenario.yml` (with `failure_mode`) and curves in `aws_cloudwatch_metrics*.json`.
Every curve is digested as `harness care query` does, without the alert and without names: they
are ranked by how suddenly or steadily they changed. A cause counts as found if a curve of the
failure is among those that changed; of healthy incidents, none should be.

    python -m bench.incidents FOLDER [--json]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from harness.care.invariants.yaml_file import read_yaml
from harness.care.telemetry.digest import rank_series
from harness.care.telemetry.series import Point, Series

SIGNS: dict[str, tuple[str, ...]] = {
    "replication_lag": ("ReplicaLag", "TransactionLogsGeneration", "WriteIOPS"),
    "connection_exhaustion": ("DatabaseConnections",),
    "storage_full": ("FreeStorageSpace", "WriteLatency"),
    "cpu_saturation": ("CPUUtilization",),
    "failover": ("DatabaseConnections",),
}
"""The curves that show a failure. The first is the failure itself; others show it if that curve is
missing, which some incidents leave out on purpose."""
HEALTHY = "healthy"
FEW = 3


class Found(NamedTuple):
    """What the statistics say of one incident."""

    incident: str
    failure: str
    curves: int
    changed: Sequence[str]
    """The curves that changed, the most changed first."""
    sign: str | None
    """The curve that shows the failure; None: there is none among them."""

    @property
    def place(self) -> int | None:
        """The place of the sign, from 1; None if it is not among those that changed."""
        return self.changed.index(self.sign) + 1 if self.sign in self.changed else None


def read_incident(folder: Path) -> Found | None:
    """Digest the curves of one incident; None if it has no curves."""
    curves = list(_read_curves(folder))
    if not curves:
        return None
    [scenario] = read_yaml((folder / "scenario.yml").read_text())
    failure = str(scenario["failure_mode"]) if isinstance(scenario, dict) else ""
    ranked = rank_series(curves)
    names = {each.labels["__name__"] for each in curves}
    sign = next((each for each in SIGNS.get(failure, ()) if each in names), None)
    changed = [digest.name for _, digest in ranked if digest.strength > 0]
    return Found(folder.name, failure, len(curves), changed, sign)


def _read_curves(folder: Path) -> Iterator[Series]:
    for file in sorted(folder.glob("aws_cloudwatch_metrics*.json")):
        data: Any = json.loads(file.read_text())
        rows: list[dict[str, Any]] = data.get("metric_data_results", [data])
        for row in rows:
            if "metric_name" not in row or "values" not in row:
                continue
            times: list[str] = row.get("timestamps", [])
            values: list[float] = row["values"]
            points = (
                Point(datetime.fromisoformat(at).timestamp(), value)
                for at, value in zip(times, values, strict=False)
            )
            yield Series({"__name__": str(row["metric_name"])}, tuple(points))


def _summarize(found: Sequence[Found]) -> dict[str, int]:
    failing = [each for each in found if each.failure != HEALTHY]
    places = [each.place for each in failing]
    healthy = [each for each in found if each.failure == HEALTHY]
    return {
        "failures": len(failing),
        "first": sum(place == 1 for place in places),
        f"among the first {FEW}": sum(place is not None and place <= FEW for place in places),
        "anywhere": sum(place is not None for place in places),
        "healthy": len(healthy),
        "healthy and calm": sum(not each.changed for each in healthy),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    folders = sorted(each.parent for each in args.folder.rglob("scenario.yml"))
    read = [(each, read_incident(each)) for each in folders]
    found = [each for _, each in read if each is not None]
    without = [folder.name for folder, each in read if each is None]
    if args.json:
        rows = [{**each._asdict(), "place": each.place} for each in found]
        print(json.dumps({"incidents": rows, "without": without, **_summarize(found)}))
        return
    for each in found:
        where = f"place {each.place} of {len(each.changed)}" if each.place else "not found"
        said = where if each.failure != HEALTHY else f"{len(each.changed)} changed"
        shown = ", ".join(each.changed[:FEW]) or "-"
        print(f"{each.incident:38} {each.failure:22} {each.sign or '-':20} {said:16} {shown}")
    print(", ".join(f"{name}: {count}" for name, count in _summarize(found).items()))
    print(f"without curves: {len(without)}")


if __name__ == "__main__":
    main()
