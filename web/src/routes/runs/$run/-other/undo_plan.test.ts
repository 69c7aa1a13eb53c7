import { describe, expect, it } from "vitest";
import {
  countUndone,
  describeTarget,
  type Effect,
  findStop,
  planUndo,
  turnsToKeep,
  type UndoStep,
} from "./undo_plan";

function step(call: string, state: UndoStep["state"]): UndoStep {
  return { call, turn: 1, tool: "write_file", title: call, state };
}

function effect(turn: number, state: Effect["state"], receipt?: unknown): Effect {
  return {
    key: `${turn}`,
    seq: turn,
    origin: "o",
    run: "r",
    agent: "a",
    turn,
    call: `c${turn}`,
    tool: "t",
    effect: "write",
    arguments: {},
    state,
    attempt: 1,
    undos: 0,
    who: "w",
    began: 0,
    ...(receipt === undefined ? {} : { receipt }),
  };
}

describe("the plan of an undo", () => {
  it("ends at the first effect that cannot be undone, though the dry run goes on", () => {
    const planned = planUndo([
      step("c4", "would_undo"),
      step("c3", "stopped"),
      step("c2", "would_undo"),
    ]);
    expect(planned.map((each) => each.reached)).toEqual([true, true, false]);
    expect(countUndone(planned)).toBe(1);
    expect(findStop(planned.map((each) => each.step))?.call).toBe("c3");
  });

  it("passes what a person leaves as it is", () => {
    const planned = planUndo([step("c3", "passed"), step("c2", "would_undo")]);
    expect(planned.every((each) => each.reached)).toBe(true);
    expect(countUndone(planned)).toBe(1);
  });

  it("offers the turns before effects that are left", () => {
    const effects = [
      effect(1, "done"),
      effect(3, "undone"),
      effect(4, "failed"),
      effect(6, "failed", { half: true }),
      effect(8, "begun"),
    ];
    expect(turnsToKeep(effects)).toEqual([7, 5]);
  });

  it("never calls a target unchanged that was not checked", () => {
    expect(describeTarget(false, "as the call left it").word).toBe("unchanged");
    expect(describeTarget(true, "'a' is gone.").word).toBe("changed since");
    for (const unknown of [undefined, null]) {
      const { state, why } = describeTarget(unknown, "Not checked: no worker serves clerk.");
      expect([state, why]).toEqual(["unknown", "no worker serves clerk."]);
    }
  });
});
