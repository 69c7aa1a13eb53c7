import { describe, expect, it } from "vitest";
import { makeEvents } from "./many_events";
import { RunLog } from "./run_log";
import { costOf, isProblem, isWait, type ModelStep, type ToolStep } from "./steps";
import {
  asked,
  called,
  delta,
  event,
  finished,
  logOf,
  need,
  replied,
  retry,
  started,
} from "./testing";
import type { RunEvent } from "./types";

/** The same with ids, as the daemon sends them. */
function numbered(run_id: string, ...events: RunEvent[]): RunEvent[] {
  return events.map((each, at) => ({ ...each, cursor: { run_id, event_id: at + 1, place: 0 } }));
}

describe("events that come again", () => {
  const first = numbered("x", event("run_started"), called(1), replied(1), called(2));
  const later = numbered("y", event("run_started"), called(3), replied(3));

  it("are taken once", () => {
    const log = logOf(...first, ...first, ...later);
    const keys = log.steps.map((step) => step.key);
    for (const each of [...first, ...later]) log.add(each);
    expect(log.steps.map((step) => step.key)).toEqual(keys);
    expect(log.steps).toEqual(logOf(...first, ...later).steps);
    expect([log.events, log.tokens, log.costMicros]).toEqual([7, 14, 24]);
  });

  it("differ in their place when one entry of the history has several", () => {
    const both = [0, 1].map((place) => ({
      ...event("hint_received", { text: `${place}` }),
      cursor: { run_id: "x", event_id: 9, place },
    }));
    expect(logOf(...both, ...both).steps).toHaveLength(2);
  });
});

function modelOf(...events: RunEvent[]): ModelStep {
  const step = logOf(called(1), ...events).steps[0];
  if (step?.kind !== "model") throw new Error("no model step");
  return step;
}

function toolsOf(log: RunLog): ToolStep[] {
  return log.steps.filter((step) => step.kind === "tool");
}

describe("live text", () => {
  it("shows live text, and the reply in its place", () => {
    expect(modelOf(delta(1, 0, "he"), delta(1, 2, "llo")).text).toBe("hello");
    expect(modelOf(delta(1, 0, "he"), replied(1)).text).toBe("done");
  });

  it("drops text of an attempt that is void", () => {
    expect(modelOf(delta(1, 0, "old"), delta(2, 0, "new")).text).toBe("new");
    expect(modelOf(delta(2, 0, "new"), delta(1, 3, "late")).text).toBe("new");
    const reset = event("output_reset", { turn: 1, call: 0, attempt: 2 });
    expect(modelOf(delta(1, 0, "old"), reset).text).toBe("");
  });

  it("shows a repeated piece once", () => {
    expect(modelOf(delta(1, 0, "he"), delta(1, 0, "hello")).text).toBe("hello");
    expect(modelOf(delta(1, 0, "hello"), delta(1, 0, "he"), delta(1, 5, "!")).text).toBe("hello!");
  });

  it("counts offsets in characters, as the daemon does", () => {
    expect(modelOf(delta(1, 0, "🎉🎉"), delta(1, 2, "ok")).text).toBe("🎉🎉ok");
    expect(modelOf(delta(1, 0, "🎉"), delta(1, 0, "🎉🎊"), delta(1, 2, "!")).text).toBe("🎉🎊!");
  });

  it("marks where text was missed", () => {
    const gap = event("output_gap", { turn: 1, call: 0, attempt: 1, offset: 10 });
    expect(modelOf(delta(1, 0, "ab"), gap, delta(1, 10, "k")).text).toBe("ab [...] k");
    expect(modelOf(delta(1, 0, "ab"), delta(1, 10, "k"), delta(1, 11, "l")).text).toBe(
      "ab [...] kl",
    );
  });

  it("ignores text of a call that is over", () => {
    expect(modelOf(replied(1), delta(1, 0, "late")).text).toBe("done");
  });
});

describe("model calls", () => {
  it("adds up cost and tokens, and what has no price", () => {
    const log = logOf(called(1), replied(1), called(2), replied(2, 0, { cost_micros: null }));
    expect([log.costMicros, log.tokens, log.unpriced]).toEqual([12, 14, 1]);
    expect(log.steps.map(costOf)).toEqual([12, 0]);
  });

  it("keeps a repeated call of a turn as a step of its own", () => {
    const log = logOf(called(1), delta(1, 0, "old"), called(1, 1), replied(1, 1));
    expect(log.steps.map((step) => step.key)).toEqual(["model-1-0", "model-1-1"]);
    expect(log.steps.map((step) => step.kind === "model" && step.state)).toEqual([
      "cancelled",
      "replied",
    ]);
  });

  it("ends a call in progress with the run", () => {
    const log = logOf(called(1), event("run_ended", { state: "aborted", output: "" }));
    expect(log.steps[0]).toMatchObject({ state: "cancelled", ended: 1 });
    expect([log.state, log.waiting.size]).toEqual(["aborted", 0]);
  });

  it("knows an attempt that failed once, however often it is told", () => {
    const step = modelOf(retry("9", 1), retry("9", 1), retry("9", 2));
    expect(step.retries.map((each) => each.failed)).toEqual([1, 2]);
    expect(isProblem(step)).toBe(true);
  });
});

describe("tool calls", () => {
  it("keeps a call and its decisions in one step", () => {
    const log = logOf(called(1), replied(1), asked(1, "c"), need("c"));
    expect([log.waiting.size, log.steps.filter(isWait).length]).toEqual([1, 1]);
    log.add(event("decision_made", { verdict: "approve", by: "ana" }));
    expect(log.waiting.size).toBe(0);
    log.add(finished(1, "c"));
    expect(toolsOf(log)[0]).toMatchObject({ state: "done" });
    expect(toolsOf(log)[0]?.decisions[0]?.made?.by).toBe("ana");
  });

  it("tells calls of different turns with one id apart", () => {
    const log = logOf(asked(1, "c"), finished(1, "c"), asked(2, "c"), started(2, "c"));
    expect(toolsOf(log).map((tool) => [tool.key, tool.state])).toEqual([
      ["tool-1-1", "done"],
      ["tool-2-1", "running"],
    ]);
  });

  it("gives each result to one call, if a reply repeats an id", () => {
    const log = logOf(asked(1, "c"), asked(1, "c"), finished(1, "c"), finished(1, "c", false));
    expect(toolsOf(log).map((tool) => tool.state)).toEqual(["done", "failed"]);
  });

  it("takes a call whose id is a word of harness for a call", () => {
    const budget = { id: "budget", turn: 1, need: "budget", question: "More?" };
    const log = logOf(asked(1, "budget"), event("decision_requested", budget));
    expect(log.steps.map((step) => step.kind)).toEqual(["tool", "decision"]);
    log.add(need("budget"));
    expect(log.waiting.size).toBe(2);
    log.add(event("decision_made", { id: "budget", need: "budget", verdict: "edit" }));
    expect([...log.waiting.values()].map((each) => each.need)).toEqual(["approval"]);
  });

  it("keeps what the model asked for when a person edits it", () => {
    const log = logOf(asked(1, "c", { amount: 250 }), need("c"));
    log.add(started(1, "c", { amount: 25 }, true));
    expect(toolsOf(log)[0]).toMatchObject({
      edited: true,
      asked: { amount: 250 },
      arguments: { amount: 25 },
    });
  });

  it("asks again after an edit that does not fit", () => {
    const made = event("decision_made", { id: "c", verdict: "edit" });
    const log = logOf(asked(1, "c"), need("c"), made, need("c"));
    expect(toolsOf(log)[0]?.decisions.map((each) => each.made !== undefined)).toEqual([
      true,
      false,
    ]);
    expect(toolsOf(log)[0]?.state).toBe("waiting");
  });

  it("finds the call that is retried only if one can be meant", () => {
    const one = logOf(asked(1, "a"), started(1, "a"), retry("7", 1, "run_tool"));
    expect(toolsOf(one)[0]?.retries).toHaveLength(1);
    const two = logOf(asked(1, "a"), asked(1, "b"), started(1, "a"), started(1, "b"));
    two.add(retry("8", 1, "run_tool"));
    expect(toolsOf(two).map((tool) => tool.retries.length)).toEqual([0, 0]);
    two.placeRetries("8", 1, "b");
    expect(toolsOf(two).map((tool) => tool.retries.length)).toEqual([0, 1]);
  });

  it("does not repeat what stands above in the end", () => {
    const error = { code: "provider.bad_request", message: "no", fix: "", retryable: false };
    const failed = event("model_failed", { turn: 2, call: 0, error, attempts: 1 });
    const silent = replied(1, 0, { message: { role: "assistant", parts: [] } });
    const end = event("run_ended", { state: "failed", output: "done", error });
    const log = logOf(called(0), replied(0), called(1), silent, called(2), failed, end);
    expect(log.steps.at(-1)).toMatchObject({ kind: "end", told: true, errorTold: true });
    const later = { ...end, output: "something else", error: { ...error, message: "other" } };
    const other = logOf(called(2), replied(2), called(3), failed, later as typeof end);
    expect(other.steps.at(-1)).toMatchObject({ kind: "end", told: false, errorTold: false });
  });

  it("measures waits, checks and runs apart", () => {
    const log = new RunLog();
    log.add(at(1, asked(1, "c")));
    log.add(at(2, event("tool_call_checked", { turn: 1, call_id: "c", arguments: {} })));
    log.add(at(3, need("c")));
    log.add(at(8, event("decision_made", { id: "c", verdict: "approve" })));
    log.add(at(9, started(1, "c")));
    log.add(at(11, finished(1, "c")));
    expect(toolsOf(log)[0]?.spans).toEqual([
      { kind: "check", from: 2, to: 3 },
      { kind: "wait", from: 3, to: 8 },
      { kind: "run", from: 9, to: 11 },
    ]);
  });

  it("marks what failed or was retried", () => {
    const log = logOf(called(1), replied(1), asked(1, "c"), finished(1, "c", false));
    expect(log.steps.map(isProblem)).toEqual([false, true]);
  });
});

describe("a long run", () => {
  it("is the same whether it was watched or read afterwards", () => {
    const watched = new RunLog();
    const read = new RunLog();
    for (const told of makeEvents(3_000)) {
      if (told.type === "model_replied") {
        watched.add(event("output_delta", { ...LIVE, turn: told.turn, text: "half of wh" }));
        watched.add(retry("3", 1));
      }
      if (told.type === "tool_call_finished") {
        watched.add(
          event("tool_progress", { turn: told.turn, call_id: told.call_id, text: "50 %" }),
        );
        watched.add(retry("4", 1, "run_tool"));
      }
      watched.add(told);
      read.add(told);
    }
    const plain = (log: RunLog) => log.steps.map((step) => ({ ...step, version: 0 }));
    expect(plain(watched)).toEqual(plain(read));
    expect(watched.steps.length).toBeGreaterThan(1_000);
  });
});

const LIVE = { call: 0, attempt: 1, offset: 0 };

describe("the run", () => {
  it("goes on in a fresh history", () => {
    const begin = { agent: "a", model: "m", prompt: "p" };
    const log = logOf(event("run_started", begin), called(1), replied(1));
    log.add(event("run_started", { ...begin, continued: true }));
    log.add(called(2));
    expect(log.steps.map((step) => step.kind)).toEqual(["prompt", "model", "model"]);
  });

  it("measures a pause", () => {
    const log = logOf(event("state_changed", { state: "paused" }));
    expect([log.state, log.steps[0]?.ended]).toEqual(["paused", undefined]);
    log.add(at(5, event("state_changed", { state: "running" })));
    expect(log.steps[0]).toMatchObject({ kind: "pause", ended: 5 });
  });

  it("ignores events that it does not know the step of", () => {
    expect(logOf(replied(1), event("tool_progress", { call_id: "x", text: "" })).steps).toEqual([]);
  });

  it("counts what a summary of the conversation cost, until a reset drops it", () => {
    const usage = { input: 50, output: 5 };
    const summary = event("context_compacted", { turn: 1, usage, cost_micros: 7 });
    const log = logOf(...numbered("x", called(1), replied(1), summary));
    expect([log.tokens, log.costMicros]).toEqual([62, 19]);
    log.add(event("branched", { cursor: { run_id: "y", event_id: 3, place: 0 } }));
    expect([log.tokens, log.costMicros]).toEqual([7, 12]);
  });

  it("finds each step by its key", () => {
    const log = logOf(called(1), replied(1), asked(1, "c"), event("hint_received", { text: "x" }));
    for (const step of log.steps) expect(log.find(step.key)).toBe(step);
    expect(log.find("other")).toBeUndefined();
  });
});

function at(seconds: number, told: RunEvent): RunEvent {
  return { ...told, at: seconds };
}
