/** What a fork or a what-if changes. Pure. */
import type { Step, ToolStep } from "@/events/steps";

export interface Draft {
  /** The last turn to keep. */
  at: number;
  hint: string;
  model: string;
  /** null: those of the agent. */
  instructions: string | null;
  /** Edited results of tool calls, by call id. */
  results: Readonly<Record<string, string>>;
  /** Of a what-if: how many forks, and whether reading tools may run. */
  n: number;
  liveReads: boolean;
}

export const EMPTY: Omit<Draft, "at"> = {
  hint: "",
  model: "",
  instructions: null,
  results: {},
  n: 5,
  liveReads: false,
};

export const MOST_FORKS = 1_000;

export interface Change {
  at: number;
  hint?: string;
  model?: string;
  instructions?: string;
  results: Record<string, string>;
}

/** The change as requests have it: only what differs from the run. */
export function changeOf(draft: Draft, calls: readonly ToolStep[], isWhatIf: boolean): Change {
  const known = new Map(
    editableCalls(calls, draft.at, isWhatIf).map((each) => [each.callId, each]),
  );
  const results = Object.fromEntries(
    Object.entries(draft.results).filter(([id, text]) => {
      const call = known.get(id);
      return call !== undefined && call.result?.content !== text;
    }),
  );
  return {
    at: draft.at,
    ...(draft.hint.trim() ? { hint: draft.hint } : {}),
    ...(draft.model.trim() ? { model: draft.model.trim() } : {}),
    ...(draft.instructions !== null ? { instructions: draft.instructions } : {}),
    results,
  };
}

/** What changes, in words. */
export function describeChange(change: Change): string[] {
  const edits = Object.keys(change.results).length;
  return [
    change.model ? `model ${change.model}` : "",
    change.hint ? "a hint" : "",
    change.instructions !== undefined ? "other instructions" : "",
    edits ? `${edits} edited ${edits === 1 ? "result" : "results"}` : "",
  ].filter(Boolean);
}

/** The calls whose results may be edited: those in kept turns; of a what-if also later ones, which
 * are played back. The newest first; if an id was used twice, it means the newer call. */
export function editableCalls(
  calls: readonly ToolStep[],
  at: number,
  isWhatIf: boolean,
): ToolStep[] {
  const seen = new Set<string>();
  return calls.toReversed().filter((call) => {
    if (!call.result || (!isWhatIf && call.turn > at) || seen.has(call.callId)) return false;
    seen.add(call.callId);
    return true;
  });
}

/** The tool calls of the current branch. */
export function toolCalls(steps: readonly Step[]): ToolStep[] {
  return steps.filter((step): step is ToolStep => step.kind === "tool" && !step.left);
}

/** What a run cost after a turn, in millionths of a dollar; null if that is not known. */
export function costAfter(steps: readonly Step[], at: number): number | null {
  let sum = 0;
  for (const step of steps) {
    if (step.kind !== "model" || step.turn <= at || step.left) continue;
    if (step.costMicros == null) return null;
    sum += step.costMicros;
  }
  return sum;
}

/** Whether text that was JSON no longer is. */
export function breaksJson(before: string, after: string): boolean {
  return isJson(before) && !isJson(after);
}

function isJson(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
