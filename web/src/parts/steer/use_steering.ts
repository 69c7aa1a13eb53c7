import { useEffect, useState } from "react";
import { Problem } from "@/api/problem";
import type { RunState } from "@/events/types";
import { notifyProblem } from "@/ui/notify";
import { type Act, type SteeringEvent, steerRun } from "./steer";

export interface Steering {
  /** What was asked for and has not happened yet. */
  pending: Act["do"] | undefined;
  /** Somebody asked for a pause, and the run has still to finish its step. */
  pausing: boolean;
  /** The same for an abort. */
  aborting: boolean;
  /** Whether it was accepted. */
  steer: (act: Act) => Promise<boolean>;
}

interface Sent {
  act: Act["do"];
  state: RunState;
  seen: string;
}

const GIVE_UP_MS = 10_000;

/** Steers one run. A button is pending until the run's own events say that it has happened, not
 * merely until the daemon has taken the request. */
export function useSteering(
  run: string,
  state: RunState,
  steered: SteeringEvent | undefined,
): Steering {
  const [sent, setSent] = useState<Sent>();
  const seen = steered ? `${steered.type} ${steered.at}` : "";
  const pending = sent && sent.state === state && sent.seen === seen ? sent.act : undefined;
  useEffect(() => {
    if (pending === undefined) return;
    // A caller without events, or a stream that is lost: the button must not stay as it is for ever.
    const timer = setTimeout(() => setSent(undefined), GIVE_UP_MS);
    return () => clearTimeout(timer);
  }, [pending]);
  const over = ["completed", "failed", "aborted"].includes(state);
  return {
    pending,
    pausing: steered?.type === "pause_requested" && !over && state !== "paused",
    aborting: steered?.type === "abort_requested" && !over,
    steer: async (act) => {
      setSent({ act: act.do, state, seen });
      try {
        await steerRun(run, act);
        return true;
      } catch (error) {
        const problem = Problem.of(error);
        setSent(undefined);
        notifyProblem(`The run was not changed: ${problem.message}`, problem.fix);
        return false;
      }
    },
  };
}
