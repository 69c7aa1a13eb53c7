import { describe, expect, it } from "vitest";
import type { EventOf, ToolStep } from "@/events/steps";
import { breaksJson, changeOf, EMPTY, editableCalls } from "./changes";

function call(callId: string, turn: number, content?: string): ToolStep {
  return {
    kind: "tool",
    key: `tool-${turn}-1`,
    at: 0,
    turn,
    version: 0,
    callId,
    name: "price",
    arguments: {},
    edited: false,
    state: "done",
    progress: "",
    retries: [],
    decisions: [],
    spans: [],
    ...(content === undefined
      ? {}
      : { result: { content, turn } as EventOf<"tool_call_finished"> }),
  };
}

const calls = [call("a", 1, "ten"), call("b", 2, "old"), call("b", 3, "new"), call("c", 4)];

describe("the change of a fork", () => {
  it("has only what differs", () => {
    const draft = { ...EMPTY, at: 2, hint: "  ", results: { a: "ten", b: "other" } };
    expect(changeOf(draft, calls.slice(0, 2), false)).toEqual({ at: 2, results: { b: "other" } });
  });

  it("keeps edits only of kept turns, except in a what-if", () => {
    const draft = { ...EMPTY, at: 1, results: { a: "eleven", b: "other" } };
    expect(changeOf(draft, calls, false).results).toEqual({ a: "eleven" });
    expect(changeOf(draft, calls, true).results).toEqual({ a: "eleven", b: "other" });
  });

  it("may leave the instructions empty", () => {
    const draft = { ...EMPTY, at: 1, instructions: "" };
    expect(changeOf(draft, calls, false).instructions).toBe("");
  });

  it("takes the newer of two calls with one id", () => {
    expect(editableCalls(calls, 9, false).map((each) => each.turn)).toEqual([3, 1]);
    expect(editableCalls(calls, 2, false).map((each) => each.turn)).toEqual([2, 1]);
  });

  it("notices JSON that an edit breaks", () => {
    expect(breaksJson('{"a": 1}', '{"a": 1')).toBe(true);
    expect(breaksJson("{not json}", "")).toBe(false);
  });
});
