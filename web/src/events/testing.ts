/** Events for tests. */
import { RunLog } from "./run_log";
import type { RunEvent } from "./types";

export function event(type: string, fields: Record<string, unknown> = {}): RunEvent {
  return { type, run: "r", at: 1, trace: "t", ...fields } as unknown as RunEvent;
}

export function logOf(...events: RunEvent[]): RunLog {
  const log = new RunLog();
  for (const each of events) log.add(each);
  return log;
}

export function called(turn: number, call = 0): RunEvent {
  return event("model_called", { turn, call, model: "m", messages: [] });
}

export function replied(turn: number, call = 0, more: Record<string, unknown> = {}): RunEvent {
  return event("model_replied", {
    turn,
    call,
    model: "m",
    message: { role: "assistant", parts: [{ type: "text", text: "done" }] },
    usage: { input: 3, output: 4 },
    cost_micros: 12,
    ms: 50,
    attempts: 1,
    ...more,
  });
}

export function asked(turn: number, id: string, args: Record<string, unknown> = {}): RunEvent {
  return event("tool_call_requested", { turn, call: { id, name: "pay", arguments: args } });
}

export function started(turn: number, call_id: string, args = {}, edited?: true): RunEvent {
  return event("tool_call_started", { turn, call_id, name: "pay", arguments: args, edited });
}

export function finished(turn: number, call_id: string, ok = true): RunEvent {
  const content = ok ? "paid" : "no";
  return event("tool_call_finished", { turn, call_id, name: "pay", ok, content, attempts: 1 });
}

export function delta(attempt: number, offset: number, text: string): RunEvent {
  return event("output_delta", { turn: 1, call: 0, attempt, offset, text });
}

export function retry(activity: string, failed: number, kind = "call_model"): RunEvent {
  const error = { code: "x", message: "no", fix: "", retryable: true };
  return event("attempt_failed", { retry: { activity, kind, failed, error } });
}

export function need(id: string, turn = 1): RunEvent {
  return event("decision_requested", { id, turn, need: "approval", question: "Pay?" });
}
