/** What a run did, step by step: what views show. */
import type {
  Cursor,
  DurableEvent,
  ErrorInfo,
  Message,
  Retry,
  RunState,
  Totals,
  Usage,
} from "./types";

export type EventOf<T extends DurableEvent["type"]> = Extract<DurableEvent, { type: T }>;

interface StepBase {
  /** Stable and unique in the run: links name it. Safe in an address as it is. */
  key: string;
  /** Seconds since the epoch. */
  at: number;
  /** Absent while it is in progress. */
  ended?: number | undefined;
  /** The turn that it belongs to. */
  turn: number;
  /** Where it began in Temporal's history. */
  began?: Cursor | null | undefined;
  /** Its last event in Temporal's history. */
  cursor?: Cursor | null | undefined;
  /** Raised with each change, so that memoised rows know. */
  version: number;
  /** A reset dropped it: it is not part of the current branch. */
  left?: true;
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
  /** cancelled: replaced by a repetition, or the run ended; nothing of it was kept. */
  state: "running" | "replied" | "failed" | "interrupted" | "cancelled";
  /** The reply so far, or in full. */
  text: string;
  reasoning: string;
  /** Which attempt the live text belongs to. */
  attempt: number;
  /** How far the live text has been received, in characters as the daemon counts them. */
  received: number;
  retries: Retry[];
  error?: ErrorInfo;
  reply?: EventOf<"model_replied">;
  failed?: EventOf<"model_failed">;
  usage?: Usage;
  costMicros?: number | null | undefined;
}

/** A part of a call's time: checked by a worker, waiting for a person, or run. */
interface Span {
  kind: "check" | "wait" | "run";
  from: number;
  to?: number | undefined;
}

export interface ToolStep extends StepBase {
  kind: "tool";
  callId: string;
  name: string;
  arguments: Record<string, unknown> | string;
  /** What the model asked for, if a person changed the arguments. */
  asked?: Record<string, unknown> | string;
  edited: boolean;
  /** Arguments that neither the user nor the instructions named. */
  derived?: EventOf<"tool_call_requested">["call"]["derived"];
  state: "requested" | "running" | "waiting" | "done" | "failed" | "unrun";
  progress: string;
  retries: Retry[];
  result?: EventOf<"tool_call_finished">;
  decisions: Decision[];
  spans: Span[];
  /** The run that a call of an agent started. */
  child?: Child;
}

interface Child {
  run: string;
  agent: string;
  /** Absent until it has ended. */
  state?: RunState;
  totals?: Totals | undefined;
  /** It continues the conversation: when it ends, this run ends. */
  handover?: boolean;
  /** What it said last, if it continued the conversation. */
  answer?: string | undefined;
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

/** The time for which a run was paused. */
export interface PauseStep extends StepBase {
  kind: "pause";
}

export type NoteEvent = EventOf<
  | "hint_received"
  | "pause_requested"
  | "resume_requested"
  | "abort_requested"
  | "signal_refused"
  | "budget_reached"
  | "context_compacted"
  | "compaction_failed"
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
  /** Its output is the text of the last reply. */
  told: boolean;
  /** Its error is that of the step before it. */
  errorTold: boolean;
}

export type Step =
  | PromptStep
  | ModelStep
  | ToolStep
  | DecisionStep
  | PauseStep
  | NoteStep
  | EndStep;

/** Whether something went wrong in it. */
export function isProblem(step: Step): boolean {
  switch (step.kind) {
    case "model":
      return (
        step.state === "failed" ||
        step.retries.length > 0 ||
        attemptsOf(step) > 1 ||
        Boolean(step.reply?.truncated || step.reply?.fallbacks?.length)
      );
    case "tool":
      return step.state === "failed" || step.retries.length > 0 || attemptsOf(step) > 1;
    case "note":
      return (
        step.event.type === "signal_refused" ||
        step.event.type === "budget_reached" ||
        (step.event.type === "effects_undone" && Boolean(step.event.undone.error))
      );
    case "end":
      return step.event.state === "failed";
    default:
      return false;
  }
}

/** How many attempts a call took so far; 0 if it made none. */
export function attemptsOf(step: Step): number {
  if (step.kind === "model") return (step.reply ?? step.failed)?.attempts ?? 0;
  return step.kind === "tool" ? (step.result?.attempts ?? 0) : 0;
}

/** Whether a person was asked in it. */
export function isWait(step: Step): boolean {
  return step.kind === "decision" || (step.kind === "tool" && step.decisions.length > 0);
}

/** Whether it waits for a person now. */
export function isWaiting(step: Step): boolean {
  if (step.kind === "decision") return !step.decision.made && step.ended === undefined;
  return step.kind === "tool" && step.state === "waiting";
}

/** What it cost in millionths of a US dollar, if that is known. */
export function costOf(step: Step): number {
  return step.kind === "model" ? (step.costMicros ?? 0) : 0;
}

/** How long it took in seconds; null while it is in progress, or if it has no length. A tool call's
 * wait for a person is not part of it. */
export function secondsOf(step: Step): number | null {
  if (step.ended === undefined) return null;
  switch (step.kind) {
    case "tool": {
      if (step.spans.length === 0) return null; // nothing ran
      const ran = step.spans.filter((span) => span.kind !== "wait");
      return ran.reduce((sum, span) => sum + (span.to ?? span.from) - span.from, 0);
    }
    case "model":
    case "decision":
    case "pause":
      return step.ended - step.at;
    default:
      return null;
  }
}
