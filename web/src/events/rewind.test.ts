import { describe, expect, it } from "vitest";
import { asked, called, event, finished, logOf, replied, started } from "./testing";
import type { RunEvent } from "./types";

/** Events with their places in history: 1, 2, 3, ... */
function placed(first: number, run_id: string, ...events: RunEvent[]): RunEvent[] {
  return events.map((each, n) => ({
    ...each,
    at: first + n,
    cursor: { run_id, event_id: first + n, place: 0 },
  })) as RunEvent[];
}

const BEGIN = event("run_started", { agent: "a", model: "m", prompt: "p" });

function reset(to: number): RunEvent {
  const branched = { from_run_id: "a", to_run_id: "b", reason: "again" };
  const [told] = placed(to, "b", event("branched", branched));
  return told ?? BEGIN;
}

describe("a reset", () => {
  const before = placed(
    1,
    "a",
    BEGIN,
    called(1),
    replied(1),
    asked(1, "c"),
    started(1, "c"),
    finished(1, "c"),
    called(2),
    replied(2),
    event("run_ended", { state: "completed", output: "done" }),
  );

  it("drops what came after it, and goes on", () => {
    const log = logOf(...before, reset(7), ...placed(8, "b", called(2), replied(2)));
    expect(log.steps.map((step) => [step.key, step.left ?? false])).toEqual([
      ["prompt", false],
      ["model-1-0", false],
      ["tool-1-1", false],
      ["model-2-0", true],
      ["end", true],
      ["note-1", false],
      ["model-2-0.2", false],
    ]);
    expect([log.state, log.ended, log.costMicros]).toEqual(["running", undefined, 24]);
  });

  it("opens again what had ended after it", () => {
    const log = logOf(...before, reset(6));
    const again = log.find("tool-1-1.2");
    expect(log.find("tool-1-1")?.left).toBe(true);
    expect(again).toMatchObject({ kind: "tool", state: "requested" });
    for (const told of placed(7, "b", started(1, "c"), finished(1, "c", false))) log.add(told);
    expect(again).toMatchObject({ state: "failed" });
    const call = logOf(...before, reset(8)).steps.at(-1);
    expect(call).toMatchObject({
      key: "model-2-0.2",
      state: "running",
      text: "",
    });
  });

  it("asks again for a decision that was made after it", () => {
    const need = { id: "c", turn: 1, need: "approval", question: "?" };
    const events = placed(
      1,
      "a",
      BEGIN,
      called(1),
      replied(1),
      asked(1, "c"),
      event("decision_requested", need),
      event("decision_made", { id: "c", verdict: "approve" }),
      finished(1, "c"),
    );
    const log = logOf(...events, reset(6));
    expect([...log.waiting.values()].map((each) => each.id)).toEqual(["c"]);
    expect(log.steps.at(-1)).toMatchObject({ state: "waiting" });
  });
});
