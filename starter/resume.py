"""Let a paused run go on."""

from harness_starter.script import steer

if __name__ == "__main__":
    steer(
        __doc__,
        lambda run, args: run.resume(args.reason),
        reason={"help": "kept in the run's history"},
    )
