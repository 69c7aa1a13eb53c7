import { describe, expect, it } from "vitest";
import type { Step } from "@/events/steps";
import { canSteer, lastSteering } from "./acts";

function note(type: string, at: number): Step {
  return { kind: "note", event: { type, at } } as unknown as Step;
}

describe("steering", () => {
  it("offers what a state accepts", () => {
    expect(canSteer("running", "pause")).toBe(true);
    expect(canSteer("paused", "pause")).toBe(false);
    expect(canSteer("paused", "resume")).toBe(true);
    expect(canSteer("pending", "abort")).toBe(true);
    for (const state of ["completed", "failed", "aborted"] as const) {
      expect(canSteer(state, "abort") || canSteer(state, "hint")).toBe(false);
    }
  });

  it("finds the newest steering", () => {
    const steps = [note("pause_requested", 1), note("resume_requested", 2), note("branched", 3)];
    expect(lastSteering(steps)?.at).toBe(2);
    expect(lastSteering([])).toBeUndefined();
  });
});
