"""Send a hint to a run; the model reads it at its next call."""

from harness_starter.script import run_steering_script

if __name__ == "__main__":
    run_steering_script(
        __doc__,
        lambda run, args: run.hint(args.text, interrupt=args.interrupt),
        text={"positional": True, "help": "the hint"},
        interrupt={"action": "store_true", "help": "interrupt the model call in flight"},
    )
