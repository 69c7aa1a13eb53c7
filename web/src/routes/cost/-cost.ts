import type { Schemas } from "@/api/client";

export type Spending = Schemas["Spending"];

export const TABS = [
  { id: "spending", title: "Spending" },
  { id: "budgets", title: "Shared budgets" },
] as const;
export type TabId = (typeof TABS)[number]["id"];

export const GROUPS = ["agent", "model", "session", "owner", "day"] as const;
export type Group = (typeof GROUPS)[number];
export const DAYS = [7, 30, 90] as const;
export type Days = (typeof DAYS)[number];
export const FILTERS = ["agent", "model", "session", "owner"] as const;
type Filter = (typeof FILTERS)[number];

export interface CostSearch extends Partial<Record<Filter, string>> {
  tab?: TabId;
  /** What the calls of a row have in common. */
  group?: Group;
  days?: Days;
  /** What the chart and the bars show; absent: money. */
  show?: "tokens";
}

export function readSearch(search: Record<string, unknown>): CostSearch {
  const read: CostSearch = {};
  if (search["tab"] === "budgets") read.tab = "budgets";
  const group = GROUPS.find((each) => each === search["group"]);
  if (group && group !== "agent") read.group = group;
  const days = DAYS.find((each) => each === Number(search["days"]));
  if (days && days !== 30) read.days = days;
  if (search["show"] === "tokens") read.show = "tokens";
  for (const name of FILTERS) {
    const value = search[name];
    if (value !== undefined && value !== "") read[name] = String(value).slice(0, 300);
  }
  return read;
}

const DAY_S = 86_400;

/** A day of UTC, as the API writes it. */
export function dayOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}

/** The days up to today, the oldest first. */
export function listDays(count: number, now: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => dayOf(now - (count - 1 - index) * DAY_S));
}

/** The API's query for what the address asks. */
export function queryOf(search: CostSearch, now: number) {
  const { agent, model, session, owner, days = 30 } = search;
  return {
    since: dayOf(now - (days - 1) * DAY_S),
    ...(agent ? { agent } : {}),
    ...(model ? { model } : {}),
    ...(session ? { session } : {}),
    ...(owner ? { owner } : {}),
  };
}

export type Measure = "cost" | "tokens";

export function measureOf(spending: Spending, measure: Measure): number {
  return measure === "cost" ? spending.cost_micros : spending.input + spending.output;
}

export interface Bar {
  day: string;
  value: number;
  calls: number;
}

/** One bar for each day, also for those without a call. */
export function fillDays(
  rows: readonly Spending[],
  days: readonly string[],
  measure: Measure,
): readonly Bar[] {
  const known = new Map(rows.map((row) => [row.day ?? "", row]));
  return days.map((day) => {
    const row = known.get(day);
    return { day, value: row ? measureOf(row, measure) : 0, calls: row?.calls ?? 0 };
  });
}

/** What a row is about; calls of no session, or of nobody, have no name. */
export function nameOf(row: Spending, by: Group): string | undefined {
  return row[by] || undefined;
}
