/** Folds what a what-if streams into what the page shows. Pure. */
import type { ForkOutcome, Outcome, SourceOutcome, WhatIfReport } from "./types";

export interface WhatIfState {
  /** Ids of forks that have started. */
  started: ReadonlySet<string>;
  sources: readonly SourceOutcome[];
  ended: number;
}

export const NOTHING: WhatIfState = { started: new Set(), sources: [], ended: 0 };

export function addEvent(state: WhatIfState, kind: string, data: unknown): WhatIfState {
  switch (kind) {
    case "fork_started":
      return { ...state, started: new Set(state.started).add((data as { id: string }).id) };
    case "fork_ended": {
      const { source, fork } = data as { source: SourceOutcome; fork: ForkOutcome };
      return count(replaceSource(state, source, [fork]));
    }
    case "source_failed":
      return count(replaceSource(state, (data as { source: SourceOutcome }).source, []));
    default:
      return state;
  }
}

/** The report has everything, in its own order. */
export function fromReport(report: WhatIfReport, state: WhatIfState): WhatIfState {
  return count({ ...state, sources: report.sources });
}

function replaceSource(
  state: WhatIfState,
  source: SourceOutcome,
  forks: readonly ForkOutcome[],
): WhatIfState {
  const before = state.sources.find((each) => each.source === source.source);
  const known = before?.forks ?? [];
  const fresh = forks.filter((fork) => !known.some((each) => each.run === fork.run));
  const merged = { ...before, ...source, forks: [...known, ...fresh] };
  const sources = before
    ? state.sources.map((each) => (each === before ? merged : each))
    : [...state.sources, merged];
  return { ...state, sources };
}

function count(state: WhatIfState): WhatIfState {
  return { ...state, ended: state.sources.reduce((sum, each) => sum + each.forks.length, 0) };
}

export interface Figures {
  tokens: number;
  seconds: number;
  /** null unless all are known. */
  cost: number | null;
}

/** Medians, as the report of the command line has them. */
export function medianFigures(outcomes: readonly Outcome[]): Figures | null {
  if (outcomes.length === 0) return null;
  const costs = outcomes.map((each) => each.cost_micros).filter((each) => each !== undefined);
  return {
    tokens: median(outcomes.map((each) => each.tokens)),
    seconds: median(outcomes.map((each) => each.seconds)),
    cost: costs.length === outcomes.length ? median(costs) : null,
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 ? upper : (upper + (sorted[middle - 1] ?? 0)) / 2;
}

/** How a fork's calls differ from its run's, in words. */
export function describeCalls(fork: ForkOutcome): string {
  if (fork.parts !== undefined) return `other tools from turn ${fork.parts}`;
  return fork.calls.length === 0 ? "no tools" : "same tools";
}
