import { describe, expect, it } from "vitest";
import type { RunRow } from "../-filters";
import { addPage, findMissing, mergeNewest, mergeOlder, rowsOf, showArrived } from "./rows";

function row(id: string, started: number, more: Partial<RunRow> = {}): RunRow {
  return { id, agent: "a", state: "running", model: "m/m", started, ...more };
}

function ended(id: string, at: number): RunRow {
  return row(id, 0, { state: "completed", ended: at });
}

const ids = (rows: readonly RunRow[]) => rows.map((each) => each.id).join("");

describe("mergeNewest", () => {
  const list = rowsOf({ runs: [row("c", 3), row("b", 2), row("a", 1)], next: "n" });

  it("shows new runs at the top", () => {
    const page = { runs: [row("d", 4), row("c", 3), row("b", 2)], next: "m" };
    const merged = mergeNewest(list, page, false);
    expect(ids(merged.rows)).toBe("dcba");
    expect(merged.next).toBe("n"); // the end of what is loaded, not of the newest page
  });

  it("holds new runs back, and counts them once", () => {
    const first = mergeNewest(list, { runs: [row("d", 4), row("c", 3)], next: "m" }, true);
    const page = { runs: [row("e", 5), row("d", 4), row("c", 3)], next: "m" };
    const second = mergeNewest(first, page, true);
    expect(ids(second.rows)).toBe("cba");
    expect(ids(second.arrived)).toBe("ed");
    expect(ids(showArrived(second).rows)).toBe("edcba");
  });

  it("holds back a new run that ends before it is seen, below an older one that is open", () => {
    const late = row("d", 4, { state: "completed", ended: 9 });
    const page = { runs: [row("c", 3), late, row("b", 2), row("a", 1), row("0", 0)], next: "m" };
    const held = mergeNewest(list, page, true);
    expect(ids(held.arrived)).toBe("d");
    expect(ids(held.rows)).toBe("cba0");
    expect(ids(mergeNewest(list, page, false).rows)).toBe("cdba0");
  });

  it("keeps holding back a run that ends while an older one is open", () => {
    const first = mergeNewest(list, { runs: [row("d", 4), row("c", 3)], next: "m" }, true);
    const page = { runs: [row("c", 3), row("b", 2), ended("d", 9)], next: "m" };
    const second = mergeNewest(first, page, true);
    expect(ids(second.rows)).toBe("cba");
    expect(second.arrived).toEqual([ended("d", 9)]);
    const later = mergeNewest(second, { runs: [row("c", 3), row("b", 2)], next: "m" }, true);
    expect(later.arrived).toEqual([ended("d", 9)]); // pushed off the end of the page
    expect(ids(mergeNewest(later, page, false).rows)).toBe("dcba");
    expect(mergeNewest(later, { runs: [row("c", 3), row("b", 2)] }, true).arrived).toEqual([]);
  });

  it("updates a row where it is, also when the API has moved it", () => {
    const page = { runs: [row("b", 2), row("a", 1), ended("c", 9)], next: "m" };
    const merged = mergeNewest(list, page, false);
    expect(ids(merged.rows)).toBe("cba");
    expect(merged.rows[0]?.state).toBe("completed");
    expect(merged.rows[1]).toBe(list.rows[1]);
  });

  it("puts a run that moved up from a later page where the page has it", () => {
    const page = { runs: [row("c", 3), row("b", 2), row("a", 1), row("0", 0)], next: "m" };
    expect(ids(mergeNewest(list, page, false).rows)).toBe("cba0");
  });

  it("drops what no longer matches if the page is the whole list", () => {
    expect(ids(mergeNewest(list, { runs: [row("c", 3), row("a", 1)] }, false).rows)).toBe("ca");
    expect(ids(mergeNewest(list, { runs: [] }, false).rows)).toBe("");
  });

  it("starts again when more has arrived than a page shows", () => {
    const page = { runs: [row("z", 9), row("y", 8)], next: "m" };
    expect(ids(mergeNewest(list, page, false).rows)).toBe("zy");
    const held = mergeNewest(list, page, true);
    expect(ids(held.rows)).toBe("cba");
    expect(held.gap).toBe(true);
  });

  it("fills an empty list", () => {
    const merged = mergeNewest(rowsOf({ runs: [] }), { runs: [row("a", 1)], next: "n" }, true);
    expect(ids(merged.rows)).toBe("a");
    expect(merged.next).toBe("n");
  });
});

describe("older pages", () => {
  it("are added without what is known, and change in place", () => {
    const list = rowsOf({ runs: [row("b", 2)], next: "n" });
    const longer = addPage(list, "n", { runs: [row("b", 2), row("a", 1)] });
    expect(ids(longer.rows)).toBe("ba");
    expect(longer.next).toBeNull();
    const changed = mergeOlder(longer, { runs: [row("a", 1, { tokens: 5 }), row("x", 0)] });
    expect(ids(changed.rows)).toBe("ba");
    expect(changed.rows[1]?.tokens).toBe(5);
    expect(ids(findMissing(longer, { runs: [row("x", 0)] }, "n"))).toBe("a");
  });
});

describe("findMissing", () => {
  it("finds open runs that left the newest page, not those pushed off its end", () => {
    const list = rowsOf({ runs: [row("d", 4), row("c", 3), row("b", 2), row("a", 1)], next: "n" });
    const page = { runs: [row("e", 5), row("d", 4), row("b", 2)], next: "m" };
    expect(ids(findMissing(list, page))).toBe("c");
  });
});
