/** What can be done to a run, and when. Pure. */
import type { EventOf, Step } from "@/events/steps";
import type { RunState } from "@/events/types";

export type Act =
  | { do: "hint"; text: string; interrupt?: boolean }
  | { do: "pause"; reason?: string }
  | { do: "resume"; reason?: string }
  | { do: "abort"; reason?: string; undo?: boolean };

/** Whether a run in this state accepts it. */
export function canSteer(state: RunState, act: Act["do"]): boolean {
  switch (act) {
    case "hint":
    case "abort":
      return ["pending", "running", "waiting", "paused"].includes(state);
    case "pause":
      return state === "running" || state === "waiting";
    case "resume":
      return state === "paused";
  }
}

export type SteeringEvent = EventOf<
  "hint_received" | "pause_requested" | "resume_requested" | "abort_requested"
>;

const TYPES = ["hint_received", "pause_requested", "resume_requested", "abort_requested"];
const LOOK_BACK = 200;

/** The newest steering that the run has received, from anyone. */
export function lastSteering(steps: readonly Step[]): SteeringEvent | undefined {
  for (let at = steps.length - 1; at >= Math.max(0, steps.length - LOOK_BACK); at -= 1) {
    const step = steps[at];
    if (step?.kind === "note" && TYPES.includes(step.event.type)) {
      return step.event as SteeringEvent;
    }
  }
  return undefined;
}
