import { expect, test } from "vitest";
import { isCurrent, readGrant, type SharedBudget, splitName, usesOf } from "./-budgets";
import { fillDays, listDays, queryOf, readSearch, type Spending } from "./-cost";

const NOW = Date.parse("2027-03-02T10:00:00Z") / 1000;

test("the address", () => {
  expect(readSearch({ tab: "budgets", group: "day", days: "7", agent: 5, x: 1 })).toEqual({
    tab: "budgets",
    group: "day",
    days: 7,
    agent: "5",
  });
  expect(
    readSearch({ tab: "spending", group: "agent", days: 30, show: "calls", owner: "" }),
  ).toEqual({});
});

test("days of UTC", () => {
  expect(listDays(3, NOW)).toEqual(["2027-02-28", "2027-03-01", "2027-03-02"]);
  expect(queryOf({ days: 7, model: "a/b" }, NOW)).toEqual({ since: "2027-02-24", model: "a/b" });
});

test("a day without calls has a bar of nothing", () => {
  const row = { day: "2027-03-01", cost_micros: 7, input: 2, output: 3, calls: 1 } as Spending;
  const bars = fillDays([row], listDays(2, NOW), "tokens");
  expect(bars).toEqual([
    { day: "2027-03-01", value: 5, calls: 1 },
    { day: "2027-03-02", value: 0, calls: 0 },
  ]);
});

const budget = (more: Partial<SharedBudget>): SharedBudget => ({
  budget: "session:a:b",
  opened: "2027-03-02T09:59:00Z",
  used: "2027-03-02T09:59:30Z",
  spent_tokens: 10,
  reserved_tokens: 5,
  lost_tokens: 2,
  spent_micros: 0,
  reserved_micros: 0,
  lost_micros: 0,
  calls: 1,
  grants: 0,
  waiting: 0,
  ...more,
});

test("what is used of a budget", () => {
  expect(splitName("session:a:b")).toEqual({ kind: "session", name: "a:b" });
  expect(usesOf(budget({ tokens: 100, seconds: 30 }), NOW)).toEqual([
    { unit: "tokens", limit: 100, spent: 12, reserved: 5 },
    { unit: "seconds", limit: 30, spent: 30, reserved: 0 },
  ]);
});

test("more is granted of the newest day alone", () => {
  const [old, now] = [budget({ day: "2027-03-01" }), budget({ day: "2027-03-02" })];
  expect([old, now].map((each) => isCurrent(each, [old, now]))).toEqual([false, true]);
});

test("the amounts of a grant", () => {
  expect(readGrant({ tokens: "10,000", dollars: "0.5", minutes: "1.5" }).grant).toEqual({
    tokens: 10_000,
    cost_micros: 500_000,
    seconds: 90,
  });
  expect(readGrant({ tokens: "", dollars: " ", minutes: "" })).toEqual({ grant: {}, faults: {} });
  const { faults } = readGrant({ tokens: "1.5", dollars: "-1", minutes: "1e3" });
  expect(Object.keys(faults)).toEqual(["tokens", "dollars", "minutes"]);
});
