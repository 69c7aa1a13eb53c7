"""Tell a run something; the model reads it at its next call."""

from harness_starter.script import steer

if __name__ == "__main__":
    steer(
        __doc__,
        lambda run, args: run.hint(args.text, interrupt=args.interrupt),
        text={"positional": True, "help": "what the model is told"},
        interrupt={"action": "store_true", "help": "cut the call in flight short"},
    )
