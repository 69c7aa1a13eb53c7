/** Where the time of a step went, in parts. */
import type { ModelStep, Step, ToolStep } from "./steps";

interface TimePart {
  kind: "queue" | "run" | "wait" | "check" | "pause";
  from: number;
  to: number;
}

/** The parts of a step's time, in order. `now` ends what is in progress. */
export function partsOf(step: Step, now: number): TimePart[] {
  switch (step.kind) {
    case "model":
      if (step.ended === undefined) return tried(step, step.at, now);
      return withQueue(step.at, step.ended, step.reply?.queued_ms, step.reply?.ms);
    case "tool":
      return toolParts(step, now);
    case "decision":
      return [{ kind: "wait", from: step.at, to: step.ended ?? now }];
    case "pause":
      return [{ kind: "pause", from: step.at, to: step.ended ?? now }];
    default:
      return [];
  }
}

function toolParts(step: ToolStep, now: number): TimePart[] {
  const last = step.spans.length - 1;
  return step.spans.flatMap((span, place): TimePart[] => {
    const to = span.to ?? now;
    if (span.kind !== "run" || place < last) return [{ kind: span.kind, from: span.from, to }];
    if (span.to === undefined) return tried(step, span.from, now);
    return withQueue(span.from, to, step.result?.queued_ms, step.result?.ms);
  });
}

/** A call in progress: until its newest attempt began, it was being tried or between attempts. */
function tried(step: ModelStep | ToolStep, from: number, now: number): TimePart[] {
  const next = step.retries.reduce((latest, { next_at }) => Math.max(latest, next_at ?? 0), from);
  if (next === from) return [{ kind: "run", from, to: now }];
  if (next >= now) return [{ kind: "queue", from, to: now }];
  return [
    { kind: "queue", from, to: next },
    { kind: "run", from: next, to: now },
  ];
}

/** Until its last attempt began, a call was in the queue, being tried, or between attempts. */
function withQueue(
  from: number,
  to: number,
  queuedMs: number | null | undefined,
  ms: number | null | undefined,
): TimePart[] {
  const queued = Math.max(0, Math.min((queuedMs ?? 0) / 1000, to - from - (ms ?? 0) / 1000));
  if (queued === 0) return [{ kind: "run", from, to }];
  return [
    { kind: "queue", from, to: from + queued },
    { kind: "run", from: from + queued, to },
  ];
}

export interface Sums {
  model: number;
  tools: number;
  queue: number;
  waits: number;
  /** Seconds of the whole run. */
  whole: number;
  cost: Map<string, number>;
}

/** Where time and money of the whole run went; calls that overlap count once each. */
export function sumUp(steps: readonly Step[], from: number, to: number): Sums {
  const sums: Sums = {
    model: 0,
    tools: 0,
    queue: 0,
    waits: 0,
    whole: to - from,
    cost: new Map(),
  };
  for (const step of steps) {
    if (step.left) continue;
    for (const part of partsOf(step, to)) {
      const seconds = Math.max(0, part.to - part.from);
      if (part.kind === "queue") sums.queue += seconds;
      else if (part.kind === "wait" || part.kind === "pause") sums.waits += seconds;
      else if (step.kind === "model") sums.model += seconds;
      else sums.tools += seconds;
    }
    if (step.kind === "model" && step.costMicros != null)
      sums.cost.set(step.model, (sums.cost.get(step.model) ?? 0) + step.costMicros);
  }
  return sums;
}

export type Timed = ModelStep | ToolStep | Extract<Step, { kind: "decision" | "pause" }>;

export function isTimed(step: Step): step is Timed {
  return ["model", "tool", "decision", "pause"].includes(step.kind);
}
