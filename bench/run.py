"""All contestants, in interleaved rounds: the order changes from round to round, so that a slow
moment of the machine hits everybody alike. Each starts on a fresh engine and database.

    python -m bench.run [--rounds 3] [--only harness,floor] [--wire chat|responses] [--out FILE]

Appends one JSON line per contestant and round to FILE, and prints the table.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.backends import ROOT, backends, model_server, peers_python
from bench.report import table

OUT = ROOT / "build" / "bench" / "runs.jsonl"


@dataclass(frozen=True)
class Entrant:
    name: str
    module: str
    peer: bool = False
    options: tuple[tuple[str, str], ...] = ()


ENTRANTS = (
    Entrant("harness", "harness"),
    Entrant("harness, followed", "harness", options=(("follow", "1"),)),
    Entrant("floor", "floor"),
    Entrant("plugin", "plugin", peer=True),
    Entrant("pydantic-ai", "pydantic_ai", peer=True),
    Entrant("langgraph-pg", "langgraph_pg", peer=True),
)


async def measure(entrant: Entrant, chosen: argparse.Namespace, model: tuple[str, int]) -> Any:
    python = await peers_python() if entrant.peer else Path(sys.executable)
    async with backends() as ground:
        options = {
            "temporal": ground.temporal,
            "postgres": ground.postgres,
            "model": model[0],
            "wire": chosen.wire,
            **dict(entrant.options),
        }
        process = await asyncio.create_subprocess_exec(
            *(str(python), "-m", "bench.driver", entrant.module),
            *("--options", json.dumps(options)),
            *("--pids", json.dumps({**ground.pids, "model": model[1]})),
            *("--alone", str(chosen.alone), "--together", str(chosen.together)),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            out, errors = await asyncio.wait_for(process.communicate(), 300)
        except TimeoutError:
            process.kill()
            return {"error": "took longer than 300 s"}
    for line in out.decode().splitlines():
        if line.startswith("RESULT "):
            return json.loads(line.removeprefix("RESULT "))
    return {"error": errors.decode()[-2000:] or f"exit status {process.returncode}"}


async def main(chosen: argparse.Namespace) -> None:
    names: list[str] = chosen.only.split(",") if chosen.only else []
    entrants = [each for each in ENTRANTS if not names or each.name in names]
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    batch = time.strftime("%Y-%m-%dT%H:%M:%S")
    rows: list[dict[str, Any]] = []
    async with model_server() as model:
        for number in range(chosen.rounds):
            order = random.Random(number).sample(entrants, len(entrants))
            for entrant in order:
                row = {"batch": batch, "round": number, "name": entrant.name, "wire": chosen.wire}
                row |= await measure(entrant, chosen, model)
                rows.append(row)
                with chosen.out.open("a") as file:
                    file.write(json.dumps(row) + "\n")
                print(_line(row), flush=True)
    print()
    print(table(rows))
    print(f"\nEach figure: {chosen.out}")


def _line(row: dict[str, Any]) -> str:
    if "error" in row:
        return f"round {row['round']} {row['name']}: {row['error']}"
    return (
        f"round {row['round']} {row['name']:18} {row['alone_ms']:6.1f} ms alone, "
        f"{row['rps']:5.1f} runs/s, CPU ms: worker {row['cpu_worker_ms']:.1f}, "
        f"engine {row['cpu_engine_ms']:.1f}, database {row['cpu_database_ms']:.1f}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="")
    parser.add_argument("--wire", choices=["chat", "responses"], default="chat")
    parser.add_argument("--alone", type=int, default=20, help="runs one after another")
    parser.add_argument("--together", type=int, default=200, help="runs, 50 at once")
    parser.add_argument("--out", type=Path, default=OUT)
    asyncio.run(main(parser.parse_args()))
