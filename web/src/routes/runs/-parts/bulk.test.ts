import { describe, expect, it } from "vitest";
import { Problem } from "@/api/problem";
import { type Outcome, steerAll, whyNot } from "./bulk";

describe("whyNot", () => {
  it("offers nothing that would be refused", () => {
    expect(whyNot("abort", { state: "completed", ended: 5 })).toBe("has ended");
    expect(whyNot("abort", { state: "waiting" })).toBeNull();
    expect(whyNot("pause", { state: "paused" })).toBe("is already paused");
    expect(whyNot("resume", { state: "running" })).toBe("is not paused");
    expect(whyNot("hint", { state: "paused" })).toBeNull();
  });
});

describe("steerAll", () => {
  it("goes on after a refusal and says why", async () => {
    const outcomes: Outcome[] = [];
    const steer = async (run: string) => {
      if (run === "b") throw new Problem({ detail: "Run 'b' has ended." }, 409);
    };
    const signal = new AbortController().signal;
    await steerAll(["a", "b", "c"], steer, (outcome) => outcomes.push(outcome), signal);
    expect(outcomes.toSorted((one, two) => one.run.localeCompare(two.run))).toEqual([
      { run: "a", refused: null },
      { run: "b", refused: "Run 'b' has ended." },
      { run: "c", refused: null },
    ]);
  });

  it("steers each run once, a few at a time, and stops when told to", async () => {
    const stop = new AbortController();
    const runs = Array.from({ length: 20 }, (_, at) => String(at));
    const steered: string[] = [];
    let [open, most] = [0, 0];
    const steer = async (run: string) => {
      steered.push(run);
      most = Math.max(most, ++open);
      await Promise.resolve();
      open--;
      if (run === "9") stop.abort();
    };
    await steerAll(runs, steer, () => {}, stop.signal);
    expect(most).toBeLessThanOrEqual(4);
    expect(new Set(steered).size).toBe(steered.length);
    expect(steered.length).toBeLessThan(20);
  });
});
