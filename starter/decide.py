"""Decide what a run is waiting for.

python starter/decide.py RUN approve
python starter/decide.py RUN edit --arguments '{"path": "notes.txt"}'
python starter/decide.py RUN edit --replace --arguments '{"path": "notes.txt", "content": ""}'
python starter/decide.py RUN answer --answer "the blue one"
"""

import argparse
import json
from typing import Any

from harness import RunHandle
from harness_starter.script import run_steering_script


async def send_decision(run: RunHandle[Any], args: argparse.Namespace) -> None:
    decision = await run.decide(
        args.verdict,
        args.call,
        note=args.note,
        arguments=args.arguments,
        replace=args.replace,
        answer=args.answer,
        digest=args.digest,
        remember=args.remember,
    )
    print(decision.wire().decode())


if __name__ == "__main__":
    run_steering_script(
        __doc__,
        send_decision,
        verdict={"positional": True, "choices": ("approve", "reject", "edit", "answer")},
        call={"help": "which one, if several are waiting"},
        note={"help": "recorded in history; after a rejection the model reads it"},
        arguments={"type": json.loads, "help": "with edit: the arguments to change, as JSON"},
        replace={"action": "store_true", "help": "with edit: replace all arguments"},
        answer={"help": "with answer: the answer"},
        remember={
            "type": json.loads,
            "help": "allow later calls of the session: true, or names of arguments as a JSON list",
        },
        digest={"help": "refuse unless the pending call has this digest"},
    )
