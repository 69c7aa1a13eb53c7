import { expect, test } from "vitest";
import { type Act, groupByDay, queryOf, readSearch } from "./-acts";

test("the address is read, and what is not a filter left out", () => {
  expect(readSearch({ user: "ana", kind: "hint", since: "7d", run: 5, x: 1 })).toEqual({
    user: "ana",
    kind: "hint",
    since: "7d",
    run: "5",
  });
  expect(readSearch({ kind: "toString", since: "constructor", user: "" })).toEqual({});
});

test("the same filter within a minute is the same request", () => {
  const first = queryOf({ since: "1h", kind: "abort" }, 1_800_000_001);
  expect(first).toEqual({ kind: "abort", since: "2027-01-15T07:00:00.000Z" });
  expect(queryOf({ since: "1h", kind: "abort" }, 1_800_000_059)).toEqual(first);
});

test("days keep their order", () => {
  const act = (at: string): Act => ({ id: at, at, kind: "hint" });
  const acts = [act("2027-01-02T10"), act("2027-01-02T09"), act("2027-01-01T10")];
  const days = groupByDay(acts, (at) => at.slice(0, 10));
  expect(days.map((each) => [each.day, each.acts.length])).toEqual([
    ["2027-01-02", 2],
    ["2027-01-01", 1],
  ]);
});
