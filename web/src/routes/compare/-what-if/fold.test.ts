import { describe, expect, it } from "vitest";
import { addEvent, describeCalls, fromReport, medianFigures, NOTHING } from "./fold";
import type { ForkOutcome, SourceOutcome } from "./types";

function fork(run: string, more: Partial<ForkOutcome> = {}): ForkOutcome {
  return {
    run,
    model: "m",
    state: "completed",
    output: "",
    turns: 1,
    calls: [],
    tokens: 10,
    cost_micros: 5,
    seconds: 1,
    verdict: "same",
    same_answer: true,
    same_calls: 0,
    ...more,
  };
}

function source(name: string, more: Partial<SourceOutcome> = {}): SourceOutcome {
  return { source: name, recorded: 2, forks: [], ...more };
}

const EVENTS: [string, unknown][] = [
  ["fork_started", { id: "f1" }],
  ["fork_started", { id: "f1" }],
  ["fork_started", { id: "f2" }],
  ["fork_ended", { source: source("a"), fork: fork("f1") }],
  ["fork_ended", { source: source("a"), fork: fork("f1") }],
  ["source_failed", { source: source("b", { error: { code: "x", message: "no" } as never }) }],
  ["fork_ended", { source: source("a"), fork: fork("f2") }],
  ["heartbeat", {}],
];

describe("a what-if in progress", () => {
  it("joins the forks of each run, each once", () => {
    const state = EVENTS.reduce((now, [kind, data]) => addEvent(now, kind, data), NOTHING);
    expect([...state.started]).toEqual(["f1", "f2"]);
    expect(state.ended).toBe(2);
    expect(state.sources.map((each) => [each.source, each.forks.length])).toEqual([
      ["a", 2],
      ["b", 0],
    ]);
    const sources = [source("a", { forks: [fork("f2")] })];
    expect(fromReport({ label: "l", at: 1, changes: [], sources }, state).ended).toBe(1);
  });

  it("computes medians, and a cost only if all are known", () => {
    expect(medianFigures([])).toBeNull();
    const forks = [fork("a", { tokens: 1 }), fork("b", { tokens: 4 }), fork("c", { tokens: 2 })];
    expect(medianFigures(forks)).toEqual({ tokens: 2, seconds: 1, cost: 5 });
    const { cost_micros: _, ...unknown } = fork("d");
    expect(medianFigures([...forks, unknown])).toEqual({ tokens: 3, seconds: 1, cost: null });
  });

  it("says how tool calls differ", () => {
    expect(describeCalls(fork("a"))).toBe("no tools");
    expect(describeCalls(fork("a", { parts: 2 }))).toBe("other tools from turn 2");
  });
});
