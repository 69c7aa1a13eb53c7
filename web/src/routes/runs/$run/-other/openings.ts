/** The sheets and dialogs of a run, as its address names them: `?open=fork-3`. */
import type { Step } from "@/events/steps";

const WITHOUT_TURN = ["undo", "replay", "seal", "forget", "compare"] as const;

type Opening =
  | { kind: (typeof WITHOUT_TURN)[number] }
  | { kind: "fork" | "what-if"; at: number | undefined };

export function readOpening(open: string | undefined): Opening | null {
  if (open === undefined) return null;
  const found = WITHOUT_TURN.find((each) => each === open);
  if (found) return { kind: found };
  const [, kind, at] = /^(fork|what-if)(?:-(\d{1,6}))?$/.exec(open) ?? [];
  if (kind !== "fork" && kind !== "what-if") return null;
  return { kind, at: at === undefined ? undefined : Number(at) };
}

/** The last turn that a fork from this step keeps: a model's call is made again, a tool's is kept. */
function turnBefore(step: Step): number {
  return step.kind === "model" ? Math.max(0, step.turn - 1) : step.turn;
}

/** Whether a fork can begin at this step: at a call of a model or a tool on the current branch. */
export function isForkable(step: Step): boolean {
  return (step.kind === "model" || step.kind === "tool") && !step.left;
}

/** What opens the sheet that forks the run from this step. */
export function forkFrom(step: Step): string {
  return `fork-${turnBefore(step)}`;
}

export function whatIfFrom(step: Step): string {
  return `what-if-${turnBefore(step)}`;
}
