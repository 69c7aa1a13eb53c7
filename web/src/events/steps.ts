/** What a run did, step by step: what views show. */
import type { Cursor, DurableEvent, ErrorInfo, Message, Retry, Usage } from "./types";

export type EventOf<T extends DurableEvent["type"]> = Extract<DurableEvent, { type: T }>;

interface StepBase {
  /** Stable and unique in the run: links name it. */
  key: string;
  /** Seconds since the epoch. */
  at: number;
  /** Absent while it is in progress. */
  ended?: number;
  /** The turn that it belongs to. */
  turn: number;
  /** Its last event in Temporal's history. */
  cursor?: Cursor | null | undefined;
  /** Raised with each change, so that memoised rows know. */
  version: number;
}

export interface PromptStep extends StepBase {
  kind: "prompt";
  event: EventOf<"run_started">;
}

export interface ModelStep extends StepBase {
  kind: "model";
  call: number;
  model: string;
  /** New to the model with this call. */
  messages: readonly Message[];
  state: "running" | "replied" | "failed" | "interrupted";
  /** The reply so far, or in full. */
  text: string;
  reasoning: string;
  /** Which attempt the live text belongs to. */
  attempt: number;
  retries: Retry[];
  error?: ErrorInfo;
  reply?: EventOf<"model_replied">;
  usage?: Usage;
  costMicros?: number | null | undefined;
}

export interface ToolStep extends StepBase {
  kind: "tool";
  callId: string;
  name: string;
  arguments: Record<string, unknown> | string;
  edited: boolean;
  state: "requested" | "running" | "waiting" | "done" | "failed" | "unrun";
  progress: string;
  retries: Retry[];
  result?: EventOf<"tool_call_finished">;
  decisions: Decision[];
}

/** A request for a decision, and what was decided. */
export interface Decision {
  asked: EventOf<"decision_requested">;
  made?: EventOf<"decision_made">;
}

/** A decision that belongs to no tool call: about a budget or the transcript store. */
export interface DecisionStep extends StepBase {
  kind: "decision";
  decision: Decision;
}

export type NoteEvent = EventOf<
  | "hint_received"
  | "pause_requested"
  | "resume_requested"
  | "abort_requested"
  | "signal_refused"
  | "budget_reached"
  | "undo_started"
  | "effects_undone"
  | "branched"
>;

/** Something that people or the run did between its steps. */
export interface NoteStep extends StepBase {
  kind: "note";
  event: NoteEvent;
}

export interface EndStep extends StepBase {
  kind: "end";
  event: EventOf<"run_ended">;
}

export type Step = PromptStep | ModelStep | ToolStep | DecisionStep | NoteStep | EndStep;

/** Whether something went wrong in it. */
export function isProblem(step: Step): boolean {
  switch (step.kind) {
    case "model":
      return step.state === "failed" || step.retries.length > 0 || hadRetries(step.reply?.attempts);
    case "tool":
      return (
        step.state === "failed" || step.retries.length > 0 || hadRetries(step.result?.attempts)
      );
    case "note":
      return step.event.type === "signal_refused" || step.event.type === "budget_reached";
    case "end":
      return step.event.state === "failed";
    default:
      return false;
  }
}

function hadRetries(attempts: number | undefined): boolean {
  return attempts !== undefined && attempts > 1;
}

/** Whether a person was asked in it. */
export function isWait(step: Step): boolean {
  return step.kind === "decision" || (step.kind === "tool" && step.decisions.length > 0);
}

/** What it cost in millionths of a US dollar, if that is known. */
export function costOf(step: Step): number {
  return step.kind === "model" ? (step.costMicros ?? 0) : 0;
}

/** How long it took in seconds; null while it is in progress, or if it has no length. */
export function secondsOf(step: Step): number | null {
  if (step.kind === "model" && step.reply) return step.reply.ms / 1000;
  if (step.kind === "tool" && step.result?.ms != null) return step.result.ms / 1000;
  if (step.kind !== "model" && step.kind !== "tool") return null;
  return step.ended === undefined ? null : step.ended - step.at;
}
