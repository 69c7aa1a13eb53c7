import { describe, expect, it } from "vitest";
import { findChanges, MAX_CHANGES, splitTexts, writePath } from "./changes";
import { hasRounded, isDeep, type Json, sameJson } from "./json_value";

function written(before: Json, after: Json): string[] {
  return findChanges(before, after).changes.map((each) => `${each.kind} ${writePath(each.path)}`);
}

describe("findChanges", () => {
  it("names each place", () => {
    expect(
      written(
        { to: "Ada", lines: [{ n: 1 }, { n: 2 }], gone: 1 },
        { to: "Ada", lines: [{ n: 1 }, { n: 3 }, { n: 4 }], fresh: null },
      ),
    ).toEqual(["changed lines › 2 › n", "added lines › 3", "removed gone", "added fresh"]);
    expect(written({ a: [1] }, { a: { b: 1 } })).toEqual(["changed a"]);
    expect(written({ a: 1 }, { a: 1 })).toEqual([]);
  });

  it("knows keys that objects inherit from those of their own", () => {
    const odd = JSON.parse('{"__proto__": 1, "toString": 2}') as Json;
    expect(written({}, odd)).toEqual(["added __proto__", "added toString"]);
    expect(sameJson({}, odd)).toBe(false);
  });

  it("stops at a bound", () => {
    const before = Array.from({ length: 10_000 }, (_, at) => at);
    const found = findChanges(
      before,
      before.map((each) => -each - 1),
    );
    expect(found.changes).toHaveLength(MAX_CHANGES);
    expect(found.more).toBe(true);
  });

  it("takes values of any depth", () => {
    const deep = (end: string) =>
      JSON.parse(`${"[".repeat(5_000)}${end}${"]".repeat(5_000)}`) as Json;
    expect(findChanges(deep("1"), deep("2")).changes).toHaveLength(1);
    expect(isDeep(deep("1"))).toBe(true);
    expect(hasRounded(deep("1"))).toBe(false);
  });
});

describe("splitTexts", () => {
  it("finds the part that differs", () => {
    expect(splitTexts("pay 250 now", "pay 90 now")).toEqual({
      head: "pay ",
      removed: "25",
      added: "9",
      tail: "0 now",
    });
    expect(splitTexts("aa", "aaa")).toMatchObject({ removed: "", added: "a" });
    expect(splitTexts("", "x")).toMatchObject({ head: "", added: "x", tail: "" });
  });

  it("does not cut a character in two", () => {
    const { removed, added } = splitTexts("a😀b", "a😁b");
    expect([removed, added]).toEqual(["😀", "😁"]);
  });

  it("cuts long surroundings", () => {
    const long = "x".repeat(1_000_000);
    const split = splitTexts(`${long}1${long}`, `${long}2${long}`);
    expect(split.head.length).toBeLessThan(50);
    expect([split.removed, split.added]).toEqual(["1", "2"]);
  });
});

describe("hasRounded", () => {
  it("finds numbers that JavaScript cannot hold", () => {
    expect(hasRounded({ id: [JSON.parse("12345678901234567890")] })).toBe(true);
    expect(hasRounded({ id: 9007199254740991 })).toBe(false);
  });
});
