"""Pause a run before its next step."""

from harness_starter.script import run_steering_script

if __name__ == "__main__":
    run_steering_script(
        __doc__,
        lambda run, args: run.pause(args.reason),
        reason={"help": "recorded in the run's history"},
    )
