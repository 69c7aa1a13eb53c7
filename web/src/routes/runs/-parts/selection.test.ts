import { describe, expect, it } from "vitest";
import { keepKnown, NOTHING, selectTo, toggle, toggleAll } from "./selection";

const order = ["a", "b", "c", "d", "e"];
const shown = (selection: { ids: ReadonlySet<string> }) => [...selection.ids].sort().join("");

describe("selection", () => {
  it("selects a range in both directions from the row selected last", () => {
    const one = toggle(NOTHING, "c");
    expect(shown(selectTo(one, "e", order))).toBe("cde");
    expect(shown(selectTo(one, "a", order))).toBe("abc");
  });

  it("keeps the anchor, so that a second range starts at the same row", () => {
    const range = selectTo(toggle(NOTHING, "b"), "c", order);
    expect(range.anchor).toBe("b");
    expect(shown(selectTo(range, "a", order))).toBe("abc");
  });

  it("selects the row itself if the anchor is gone", () => {
    expect(shown(selectTo({ ids: new Set(), anchor: "x" }, "b", order))).toBe("b");
    expect(selectTo(NOTHING, "x", order)).toBe(NOTHING);
  });

  it("selects all, then none", () => {
    const all = toggleAll(toggle(NOTHING, "a"), order);
    expect(shown(all)).toBe("abcde");
    expect(shown(toggleAll(all, order))).toBe("");
    expect(shown(toggleAll(NOTHING, []))).toBe("");
  });

  it("forgets rows that are no longer listed", () => {
    const two = toggle(toggle(NOTHING, "a"), "b");
    expect(shown(keepKnown(two, new Set(["b", "c"])))).toBe("b");
    expect(keepKnown(two, new Set(order))).toBe(two);
  });
});
