import { expect, test } from "vitest";
import { type Act, foldWhatIfs, groupByDay, queryOf, readSearch } from "./-acts";

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

test("the forks of one what-if are one act", () => {
  const fork = (id: string, subject: string, by = "ana"): Act => {
    return { id, at: "2027-01-02T10", kind: "whatif_started", by, run: id, subject };
  };
  const acts = [fork("f3", "one"), fork("f2", "one"), fork("f1", "two"), fork("f0", "two", "ben")];
  const folded = foldWhatIfs([...acts, { id: "h", at: "2027-01-02T09", kind: "hint" }]);
  expect(folded.map(({ act, count }) => [act.id, count])).toEqual([
    ["f3", 2],
    ["f1", 1],
    ["f0", 1],
    ["h", 1],
  ]);
});
