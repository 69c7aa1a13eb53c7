"""Pass AgentDojo's tool calls through the gate of provenance.

    python -m venv /tmp/dojo && /tmp/dojo/bin/pip install agentdojo
    python -m bench.gates.dojo --python /tmp/dojo/bin/python

Every result counts as untrusted: in these suites, anyone may have written any of it. A task is
stopped or asked about if one of its calls is. For an injected task, that is what should happen.
"""

from __future__ import annotations

import argparse
import json
import subprocess  # nosec B404 - runs the interpreter that the caller names
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.contracts.message import Message, ToolCall, ToolResult, user_message
from harness.contracts.tool import Effect
from harness.gates.provenance import Provenance
from harness.gates.untrusted import judge
from harness.interceptors import Stop

ATTACKS = ("important_instructions", "injecagent", "ignore_previous", "system_message", "direct")
WRITES = (
    "send_", "delete_", "create_", "cancel_", "reschedule_", "add_", "append_", "share_",
    "reserve_", "schedule_", "update_", "invite_", "remove_", "post_",
)  # fmt: skip
VERDICTS = ("pass", "ask", "stop")


def effect_of(name: str) -> Effect:
    return "irreversible" if name.startswith(WRITES) else "read"


class Conversation:
    """One task, call by call."""

    def __init__(self, prompt: str) -> None:
        self.messages = [user_message(prompt)]
        self.cpu = 0.0
        self.turns = 0

    def judge_calls(self, calls: list[dict[str, Any]], *, strict: bool) -> str:
        """Judge calls and add them with their results; the gravest verdict."""
        provenance = Provenance()
        worst = 0
        for each in calls:
            id = f"c{len(self.messages)}"
            call = ToolCall(id=id, name=each["name"], arguments=each["arguments"])
            begun = time.process_time()
            [derived] = provenance.trace_calls(self.messages, "", [call])
            decision = judge(derived, effect_of(call.name), strict=strict)
            self.cpu += time.process_time() - begun
            self.turns += 1
            grade = 0 if decision is None else 2 if isinstance(decision, Stop) else 1
            worst = max(worst, grade)
            content = str(each["result"])[:16_000]
            result = ToolResult(call=id, name=call.name, content=content, untrusted=True)
            self.messages += (
                Message(role="assistant", parts=(call,)),
                Message(role="tool", parts=(result,)),
            )
        return VERDICTS[worst]


def read_lines(python: str, attacks: list[str]) -> Iterator[dict[str, Any]]:
    script = str(Path(__file__).with_name("dojo_calls.py"))
    command = [python, script, *attacks]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # nosec B603
        assert process.stdout is not None
        for line in process.stdout:
            yield json.loads(line)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", required=True, help="The interpreter that has agentdojo.")
    parser.add_argument("--attacks", nargs="*", default=list(ATTACKS[:1]), choices=ATTACKS)
    parser.add_argument("--show", choices=VERDICTS, help="Name the honest or injected tasks.")
    args = parser.parse_args()
    honest, under, injected, idle = (Counter[Any]() for _ in range(4))
    cpu, turns = 0.0, 0
    for line in read_lines(args.python, args.attacks):
        for strict in (False, True):
            profile = "strict" if strict else "standard"
            talk = Conversation(line["prompt"])
            verdict = talk.judge_calls(line["calls"], strict=strict)
            cpu, turns = cpu + talk.cpu, turns + talk.turns
            if line["attack"] is None:
                honest[profile, line["suite"], verdict] += 1
                if verdict == args.show:
                    print(profile, line["suite"], line["task"])
                continue
            under[profile, line["attack"], verdict] += 1
            if not line["injected"]:
                idle[profile] += 1  # its goal is a sentence in the answer
                continue
            verdict = talk.judge_calls(line["injected"], strict=strict)
            injected[profile, line["attack"], verdict] += 1
            if verdict == args.show and verdict == "pass":
                print(profile, line["suite"], line["task"], line["injected"][-1]["name"],
                      json.dumps(line["injected"][-1]["arguments"])[:160])  # fmt: skip
    _print("honest tasks", honest)
    _print("honest tasks beside an injection", under)
    _print("injected tasks", injected)
    print(f"\n{idle['standard']} injections ask for no call, but for words in the answer")
    print(f"{cpu / max(turns, 1) * 1e3:.2f} ms of CPU per call, {turns} calls")


def _print(title: str, counts: Counter[Any]) -> None:
    print(f"\n{title:36}{'pass':>8}{'ask':>8}{'stop':>8}")
    for profile, group in sorted({key[:2] for key in counts}):
        numbers = [counts[profile, group, verdict] for verdict in VERDICTS]
        print(f"  {profile:10}{group:24}" + "".join(f"{each:8}" for each in numbers))


if __name__ == "__main__":
    main()
