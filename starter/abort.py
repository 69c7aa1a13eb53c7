"""End a run: its model call in flight is closed, what there is so far is kept."""

from harness_starter.script import steer

if __name__ == "__main__":
    steer(
        __doc__,
        lambda run, args: run.abort(args.reason),
        reason={"default": "aborted", "help": "kept in the run's history"},
    )
