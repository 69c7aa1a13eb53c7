/** What a what-if streams and reports; the API describes streams only in words. */
import type { ErrorInfo, RunState } from "@/events/types";

export interface Called {
  turn: number;
  name: string;
  arguments: Record<string, unknown> | string;
  how: "ran" | "played" | "refused" | "invalid" | "open";
}

export interface Outcome {
  run: string;
  model: string;
  state: RunState;
  output: string;
  data?: unknown;
  reason?: string;
  error?: ErrorInfo;
  turns: number;
  calls: Called[];
  tokens: number;
  cost_micros?: number;
  seconds: number;
}

export interface ForkOutcome extends Outcome {
  verdict: "same" | "different" | "failed";
  same_answer: boolean;
  same_calls: number;
  parts?: number;
}

export interface SourceOutcome {
  source: string;
  recorded: number;
  was?: Outcome;
  forks: ForkOutcome[];
  error?: ErrorInfo;
}

export interface WhatIfReport {
  label: string;
  at: number;
  changes: string[];
  live_reads?: boolean;
  sources: SourceOutcome[];
}
