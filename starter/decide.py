"""Decide what a run waits for.

python starter/decide.py RUN approve
python starter/decide.py RUN edit --arguments '{"path": "notes.txt"}'
python starter/decide.py RUN edit --replace --arguments '{"path": "notes.txt", "content": ""}'
python starter/decide.py RUN answer --answer "the blue one"
"""

import argparse
import json
from typing import Any

from harness import RunHandle
from harness_starter.script import steer


async def decide(run: RunHandle[Any], args: argparse.Namespace) -> None:
    decision = await run.decide(
        args.verdict,
        args.call,
        note=args.note,
        arguments=args.arguments,
        replace=args.replace,
        answer=args.answer,
        digest=args.digest,
    )
    print(decision.wire().decode())


if __name__ == "__main__":
    steer(
        __doc__,
        decide,
        verdict={"positional": True, "choices": ("approve", "reject", "edit", "answer")},
        call={"help": "which one, where more than one waits"},
        note={"help": "kept in history; the model reads it when rejected"},
        arguments={"type": json.loads, "help": "JSON to change, with edit"},
        replace={"action": "store_true", "help": "with edit: the arguments replace all others"},
        answer={"help": "with answer"},
        digest={"help": "decide only what has this digest, as Pending shows it"},
    )
