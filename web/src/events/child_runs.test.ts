import { describe, expect, it } from "vitest";
import { asked, called, event, finished, logOf, replied } from "./testing";
import type { RunEvent } from "./types";

describe("runs that a run starts", () => {
  it("shows the run that a call of an agent started, and counts it", () => {
    const log = logOf(called(1), replied(1), asked(1, "c"), child(1, "c", "r-1"));
    expect(log.steps[1]).toMatchObject({ state: "running", child: { run: "r-1", agent: "b" } });
    const totals = { turns: 2, usage: { input: 30, output: 10 }, cost_micros: 100 };
    log.add(event("child_ended", { child: "r-1", state: "completed", totals }));
    log.add(event("child_ended", { child: "unknown", state: "failed" }));
    log.add(finished(1, "c"));
    expect(log.steps[1]).toMatchObject({ state: "done", child: { state: "completed", totals } });
    expect([log.tokens, log.costMicros]).toEqual([47, 112]);
  });

  it("keeps what the agent said that took over", () => {
    const over = { ...child(1, "c", "r-1"), handover: true } as RunEvent;
    const log = logOf(called(1), replied(1), asked(1, "c"), finished(1, "c"), over);
    expect(log.steps[1]).toMatchObject({ state: "running", child: { handover: true } });
    log.add(event("child_ended", { child: "r-1", state: "completed", answer: "Four." }));
    expect(log.steps[1]).toMatchObject({ state: "done", child: { answer: "Four." } });
  });
});

function child(turn: number, call_id: string, run: string): RunEvent {
  return event("child_started", { turn, call_id, child: run, agent: "b", prompt: "do it" });
}
