"""Resume a paused run."""

from harness_starter.script import steer

if __name__ == "__main__":
    steer(
        __doc__,
        lambda run, args: run.resume(args.reason),
        reason={"help": "recorded in the run's history"},
    )
