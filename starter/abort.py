"""Abort a run: cancel its model call in flight and keep the results so far."""

from harness_starter.script import steer

if __name__ == "__main__":
    steer(
        __doc__,
        lambda run, args: run.abort(args.reason),
        reason={"default": "aborted", "help": "recorded in the run's history"},
    )
