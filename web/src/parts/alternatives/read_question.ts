/** What a what-if asks. */
export interface WhatIfQuestion {
  runs: string[];
  at: number;
  hint?: string;
  model?: string;
  instructions?: string;
  results: Record<string, string>;
  n: number;
  live_reads: boolean;
}

/** The question in an address, which anybody may have written; null if it is none. */
export function readQuestion(value: unknown): WhatIfQuestion | null {
  if (typeof value !== "object" || value === null) return null;
  const { runs, at, n, hint, model, instructions, results, live_reads } = value as Partial<
    Record<keyof WhatIfQuestion, unknown>
  >;
  if (!Array.isArray(runs) || runs.length === 0 || !runs.every(isText)) return null;
  if (!isCount(at) || !isCount(n) || n === 0) return null;
  const edits = Object.entries(typeof results === "object" && results !== null ? results : {});
  if (!edits.every(([, text]) => isText(text))) return null;
  return {
    runs,
    at,
    ...(isText(hint) ? { hint } : {}),
    ...(isText(model) ? { model } : {}),
    ...(isText(instructions) ? { instructions } : {}),
    results: Object.fromEntries(edits) as Record<string, string>,
    n,
    live_reads: live_reads === true,
  };
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}
