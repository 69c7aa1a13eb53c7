import { describe, expect, it } from "vitest";
import { inherit, type Source } from "./inherited";
import { buildThread, sumUsage } from "./thread";
import type { Stored, StoredTurn } from "./types";

let ids = 0;

function say(role: "user" | "assistant", content: string, turn: number): Stored {
  ids += 1;
  return { id: `m${ids}`, role, content, parts: [], created_at: "", turn, place: ids };
}

function turnOf(chat: string, number: number, more: Partial<StoredTurn> = {}): StoredTurn {
  const totals = { turns: 1, usage: { input: 10, output: 5 }, tool_calls: 1, cost_micros: 7 };
  return {
    run: `${chat}.${number}`,
    message: `${chat}-${number}`,
    state: "completed",
    totals,
    number,
    rolled_back: false,
    by: "ana",
    started_at: "2027-01-01T00:00:00Z",
    ...more,
  };
}

const SOURCE: Source = {
  chat: "old",
  messages: [
    say("user", "one", 1),
    say("assistant", "first", 1),
    say("user", "dropped", 2),
    say("assistant", "gone", 2),
    say("user", "two", 3),
    say("assistant", "second", 3),
    say("user", "three", 4),
  ],
  turns: [
    turnOf("old", 1),
    turnOf("old", 2, { rolled_back: true }),
    turnOf("old", 3),
    turnOf("old", 4),
  ],
};

const BASE = [
  say("user", "one", 0),
  say("assistant", "first", 0),
  say("user", "two", 0),
  say("assistant", "second", 0),
];

function namesOf(found: ReturnType<typeof inherit>): string[] {
  return found.map((each) => ("said" in each ? each.turn.run : each.content));
}

describe("what a fork took over", () => {
  it("is shown as the turns of its source, without what comes after", () => {
    expect(namesOf(inherit(BASE, [SOURCE]))).toEqual(["old.1", "old.3"]);
  });

  it("keeps its words where the source is unknown or says something else", () => {
    expect(inherit(BASE, [])).toEqual(BASE);
    const more = [...BASE, say("user", "elsewhere", 0), say("assistant", "x", 0)];
    expect(namesOf(inherit(more, [SOURCE]))).toEqual(["old.1", "old.3", "elsewhere", "x"]);
  });

  it("is followed through forks of forks", () => {
    const middle: Source = {
      chat: "mid",
      messages: [...BASE, say("user", "four", 1), say("assistant", "fourth", 1)],
      turns: [turnOf("mid", 1)],
    };
    const base = [...BASE, say("user", "four", 0), say("assistant", "fourth", 0)];
    expect(namesOf(inherit(base, [middle, SOURCE]))).toEqual(["old.1", "old.3", "mid.1"]);
  });

  it("has its author and run, and does not count as used here", () => {
    const known = { view: undefined, messages: BASE, turns: [], logs: new Map(), outgoing: [] };
    const items = buildThread({ ...known, sources: [SOURCE] });
    expect(items[0]).toMatchObject({ kind: "turn", by: "ana", run: "old.1", chat: "old" });
    expect(sumUsage(items).tokens).toBe(0);
  });
});
