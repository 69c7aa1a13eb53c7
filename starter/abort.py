"""Abort a run: cancel its model call in flight and keep the results so far."""

from harness_starter.script import run_steering_script

if __name__ == "__main__":
    run_steering_script(
        __doc__,
        lambda run, args: run.abort(args.reason),
        reason={"default": "aborted", "help": "recorded in the run's history"},
    )
