import { describe, expect, it } from "vitest";
import type { SettledItem } from "@/shell/inbox";
import type { WaitingItem } from "@/shell/waiting_item";
import { listRows, nameOf, neighbour } from "./-inbox_list";
import { readSearch } from "./-search";

function item(run: string, agent: string, since: number, id = "c"): WaitingItem {
  return { run, agent, pending: { id, need: "approval", turn: 1, question: "?", since } };
}

const [A, B, C] = [item("a", "x", 1), item("b", "y", 2), item("c", "x", 3)];
const GONE: SettledItem = { ...item("g", "x", 2.5), how: "decided", at: 0 };

describe("the inbox", () => {
  it("filters and groups", () => {
    const inbox = { waiting: [A, B, C], settled: [] };
    expect(listRows(inbox, {})[0]?.rows).toHaveLength(3);
    expect(listRows(inbox, { agent: "x" })[0]?.rows.map((row) => row.item.run)).toEqual(["a", "c"]);
    expect(listRows(inbox, { by: "agent" }).map((group) => group.title)).toEqual(["x", "y"]);
    expect(listRows({ waiting: [], settled: [] }, {})).toEqual([]);
  });

  it("keeps what was settled in its place, unless it is asked again", () => {
    const rows = listRows({ waiting: [A, B, C], settled: [GONE] }, {})[0]?.rows ?? [];
    expect(rows.map((row) => row.item.run)).toEqual(["a", "b", "g", "c"]);
    const again = listRows({ waiting: [item("g", "x", 9)], settled: [GONE] }, {})[0]?.rows ?? [];
    expect(again.map((row) => row.settled)).toEqual([undefined]);
  });

  it("steps over what was settled", () => {
    const groups = listRows({ waiting: [A, B, C], settled: [GONE] }, {});
    expect(neighbour(groups, nameOf(B), 1)).toBe(C);
    expect(neighbour(groups, nameOf(C), -1)).toBe(B);
    expect(neighbour(groups, nameOf(C), 1)).toBeUndefined();
    expect(neighbour(groups, undefined, 1)).toBe(A);
    expect(neighbour(groups, "gone call", -1)).toBe(A);
  });

  it("reads any address", () => {
    expect(readSearch({ agent: 3, run: "", by: "size", item: "a c" })).toEqual({ item: "a c" });
  });
});
