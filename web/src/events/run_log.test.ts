import { describe, expect, it } from "vitest";
import { RunLog } from "./run_log";
import { costOf, isProblem, isWait } from "./steps";
import type { RunEvent } from "./types";

function event(type: string, fields: Record<string, unknown> = {}): RunEvent {
  return { type, run: "r", at: 1, trace: "t", ...fields } as unknown as RunEvent;
}

const CALLED = event("model_called", { turn: 1, call: 0, model: "m", messages: [] });
const REPLIED = event("model_replied", {
  turn: 1,
  call: 0,
  model: "m",
  message: { role: "assistant", parts: [{ type: "text", text: "done" }] },
  usage: { input: 3, output: 4 },
  cost_micros: 12,
  ms: 50,
  attempts: 1,
});
const ASKED = event("tool_call_requested", {
  turn: 1,
  call: { id: "c", name: "pay", arguments: {} },
});

function logOf(...events: RunEvent[]): RunLog {
  const log = new RunLog();
  for (const each of events) log.add(each);
  return log;
}

function delta(attempt: number, offset: number, text: string): RunEvent {
  return event("output_delta", { turn: 1, call: 0, attempt, offset, text });
}

function liveText(...events: RunEvent[]): string {
  const step = logOf(CALLED, ...events).steps[0];
  return step?.kind === "model" ? step.text : "";
}

describe("RunLog", () => {
  it("shows live text, and the reply in its place", () => {
    expect(liveText(delta(1, 0, "he"), delta(1, 2, "llo"))).toBe("hello");
    expect(liveText(delta(1, 0, "he"), REPLIED)).toBe("done");
  });

  it("drops text of an attempt that is void", () => {
    expect(liveText(delta(1, 0, "old"), delta(2, 0, "new"))).toBe("new");
    expect(liveText(delta(2, 0, "new"), delta(1, 3, "late"))).toBe("new");
  });

  it("shows a repeated piece once", () => {
    expect(liveText(delta(1, 0, "he"), delta(1, 0, "hello"))).toBe("hello");
  });

  it("adds up cost and tokens", () => {
    const log = logOf(CALLED, REPLIED);
    expect(log.costMicros).toBe(12);
    expect(log.tokens).toBe(7);
    expect(log.steps.map(costOf)).toEqual([12]);
  });

  it("keeps a tool call and its decisions in one step", () => {
    const log = logOf(
      CALLED,
      REPLIED,
      ASKED,
      event("decision_requested", { id: "c", turn: 1, need: "approval", question: "Pay?" }),
    );
    expect(log.waiting.size).toBe(1);
    expect(log.steps.filter(isWait)).toHaveLength(1);
    log.add(event("decision_made", { verdict: "approve", by: "ana" }));
    expect(log.waiting.size).toBe(0);
    log.add(
      event("tool_call_finished", { turn: 1, call_id: "c", name: "pay", ok: true, content: "" }),
    );
    const tool = log.steps[1];
    expect(tool?.kind === "tool" && tool.state).toBe("done");
  });

  it("marks what failed or was retried", () => {
    const log = logOf(
      CALLED,
      REPLIED,
      ASKED,
      event("tool_call_finished", { turn: 1, call_id: "c", name: "pay", ok: false, content: "no" }),
    );
    expect(log.steps.map(isProblem)).toEqual([false, true]);
  });

  it("ignores events that it does not know the step of", () => {
    expect(logOf(REPLIED, event("tool_progress", { call_id: "x", text: "" })).steps).toEqual([]);
  });
});
