/** Steers many runs, one request each, and says of each what became of it. */
import { Problem } from "@/api/problem";
import { type Act, canSteer } from "@/parts/steer/acts";
import type { RunRow } from "../-filters";

export type BulkKind = Act["do"];

export type Outcome = { run: string; refused: string | null };

const AT_ONCE = 4;

/** Why a run cannot be steered so; null if it can, as far as the list knows. */
export function whyNot(kind: BulkKind, row: Pick<RunRow, "state" | "ended">): string | null {
  if (row.ended != null || !canSteer(row.state, "hint")) return "has ended";
  if (canSteer(row.state, kind)) return null;
  return kind === "pause" ? "is already paused" : "is not paused";
}

/** Steers runs a few at a time, in their order; after `signal`, begins no other. */
export async function steerAll(
  runs: readonly string[],
  steer: (run: string) => Promise<unknown>,
  onOutcome: (outcome: Outcome) => void,
  signal: AbortSignal,
): Promise<void> {
  const left = [...runs];
  const work = async () => {
    for (let run = left.shift(); run !== undefined && !signal.aborted; run = left.shift()) {
      onOutcome({ run, refused: await steer(run).then(() => null, describe) });
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, runs.length) }, work));
}

function describe(error: unknown): string {
  return Problem.of(error).message;
}
