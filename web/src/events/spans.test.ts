import { describe, expect, it } from "vitest";
import { partsOf, sumUp } from "./spans";
import { squeezed } from "./squeeze";
import { asked, called, event, finished, logOf, need, replied, started } from "./testing";
import type { RunEvent } from "./types";

function at(seconds: number, told: RunEvent): RunEvent {
  return { ...told, at: seconds };
}

const RUN = logOf(
  at(0, called(1)),
  at(10, replied(1, 0, { queued_ms: 4000, ms: 6000 })),
  at(10, asked(1, "c")),
  at(10, need("c")),
  at(1010, event("decision_made", { id: "c", verdict: "approve" })),
  at(1010, started(1, "c")),
  at(1012, finished(1, "c")),
);

describe("parts of a step's time", () => {
  it("tells the queue from the call", () => {
    expect(RUN.steps[0] && partsOf(RUN.steps[0], 0)).toEqual([
      { kind: "queue", from: 0, to: 4 },
      { kind: "run", from: 4, to: 10 },
    ]);
  });

  it("counts the time between attempts of a call in progress as queue", () => {
    const error = { code: "x", message: "no", fix: "", retryable: true };
    const failed = { activity: "1", kind: "call_model", failed: 1, next_at: 8, error };
    const [step] = logOf(at(0, called(1)), event("attempt_failed", { retry: failed })).steps;
    expect(step && partsOf(step, 5)).toEqual([{ kind: "queue", from: 0, to: 5 }]);
    expect(step && partsOf(step, 9)).toEqual([
      { kind: "queue", from: 0, to: 8 },
      { kind: "run", from: 8, to: 9 },
    ]);
  });

  it("sums up where time and money went", () => {
    const { cost, ...sums } = sumUp(RUN.steps, 0, 1012);
    expect(sums).toEqual({ model: 6, tools: 2, queue: 4, waits: 1000, whole: 1012 });
    expect([...cost]).toEqual([["m", 12]]);
  });
});

describe("a scale without waits", () => {
  const scale = squeezed(RUN.steps, 0, 1012);

  it("keeps what ran as it was, and makes waits short", () => {
    expect(scale.place(10)).toBeCloseTo(10);
    expect(scale.place(1010)).toBeLessThan(11);
    expect(scale.place(1012) - scale.place(1010)).toBeCloseTo(2);
  });

  it("leads back to the moment", () => {
    for (const moment of [0, 5, 10, 500, 1010, 1011])
      expect(scale.at(scale.place(moment))).toBeCloseTo(moment);
  });
});
