import { describe, expect, it } from "vitest";
import type { DurableEvent } from "@/events/types";
import { type Diff, listItems, nextDifference, placesOfDifferences } from "./rows";

function event(turn: number, type = "model_replied"): DurableEvent {
  return { type, turn } as unknown as DurableEvent;
}

function side(run: string, events: DurableEvent[]): Diff["sides"][number] {
  return { run, agent: "a", model: "m", kept: 0, events };
}

const diff: Diff = {
  same: 7,
  turn: 3,
  sides: [
    side("a", [event(3), event(3, "tool_call_finished"), event(4), event(5)]),
    side("b", [event(3), event(4), event(5, "tool_call_finished")]),
  ],
  rows: [
    { left: 0, right: 0, same: false },
    { left: 1, same: false },
    { left: 2, right: 1, same: true },
    { left: 3, same: false },
    { right: 2, same: false },
  ],
};

describe("the items of a comparison", () => {
  it("fold what is the same before the first difference", () => {
    expect(listItems(diff, true).map((item) => item.kind)).toEqual([
      "same",
      "turn",
      "pair",
      "pair",
      "same",
      "turn",
      "pair",
      "turn",
      "pair",
    ]);
    expect(listItems(diff, true)[0]).toMatchObject({ count: 6 });
  });

  it("show all rows after it on demand, and find the events of both sides", () => {
    const pairs = listItems(diff, false).filter((item) => item.kind === "pair");
    expect(pairs.map((pair) => [pair.left?.type, pair.right?.type, pair.same])).toEqual([
      ["model_replied", "model_replied", false],
      ["tool_call_finished", undefined, false],
      ["model_replied", "model_replied", true],
      ["model_replied", undefined, false],
      [undefined, "tool_call_finished", false],
    ]);
    expect(pairs.map((pair) => pair.difference)).toEqual([0, 1, undefined, 2, 3]);
  });

  it("are one line if nothing differs", () => {
    const same: Diff = { same: 4, sides: [side("a", []), side("b", [])], rows: [] };
    expect(listItems(same, true)).toEqual([{ kind: "same", key: "before", count: 4 }]);
    expect(placesOfDifferences(listItems(same, true))).toEqual([]);
  });

  it("are walked around", () => {
    expect(nextDifference([2, 5, 9], undefined, 1)).toBe(2);
    expect(nextDifference([2, 5, 9], 5, 1)).toBe(9);
    expect(nextDifference([2, 5, 9], 9, 1)).toBe(2);
    expect(nextDifference([2, 5, 9], 2, -1)).toBe(9);
    expect(nextDifference([], 2, 1)).toBeUndefined();
  });
});
