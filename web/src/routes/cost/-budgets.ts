import type { Schemas } from "@/api/client";

export type SharedBudget = Schemas["SharedBudget"];
export type Kind = "run" | "session" | "agent" | "owner";

/** The parts of a budget's name. */
export function splitName(budget: string): { kind: string; name: string } {
  const at = budget.indexOf(":");
  return { kind: budget.slice(0, at), name: budget.slice(at + 1) };
}

/** Whether the settings name it: then only admins grant more. */
export function isConfigured(budget: SharedBudget): boolean {
  return ["agent", "owner"].includes(splitName(budget.budget).kind);
}

/** Whether more can be granted: of daily budgets, the newest one is meant. */
export function isCurrent(budget: SharedBudget, all: readonly SharedBudget[]): boolean {
  return !all.some(
    (other) => other.budget === budget.budget && (other.day ?? "") > (budget.day ?? ""),
  );
}

export interface Use {
  unit: "tokens" | "cost" | "seconds";
  limit: number;
  /** Spent, with what counts as spent. */
  spent: number;
  reserved: number;
}

/** What is used of each limit that a budget has. */
export function usesOf(budget: SharedBudget, now: number): readonly Use[] {
  const uses: Use[] = [];
  if (budget.tokens != null) {
    uses.push({
      unit: "tokens",
      limit: budget.tokens,
      spent: budget.spent_tokens + budget.lost_tokens,
      reserved: budget.reserved_tokens,
    });
  }
  if (budget.cost_micros != null) {
    uses.push({
      unit: "cost",
      limit: budget.cost_micros,
      spent: budget.spent_micros + budget.lost_micros,
      reserved: budget.reserved_micros,
    });
  }
  if (budget.seconds != null) {
    const since = Math.max(0, now - Date.parse(budget.opened) / 1000);
    uses.push({
      unit: "seconds",
      limit: budget.seconds,
      spent: Math.min(since, budget.seconds),
      reserved: 0,
    });
  }
  return uses;
}

export interface GrantFields {
  tokens: string;
  dollars: string;
  minutes: string;
}

export type Grant = Omit<Schemas["GrantBody"], "budget">;

/** The amounts of a form; what is wrong with each field that cannot be read. */
export function readGrant(fields: GrantFields): {
  grant: Grant;
  faults: Partial<Record<keyof GrantFields, string>>;
} {
  const grant: Grant = {};
  const faults: Partial<Record<keyof GrantFields, string>> = {};
  const read = (name: keyof GrantFields, whole: boolean): number | undefined => {
    const text = fields[name].trim().replaceAll(/[,_\s]/g, "");
    if (text === "") return undefined;
    const value = Number(text);
    const good = /^\d+(\.\d+)?$/.test(text) && value > 0 && (!whole || Number.isInteger(value));
    if (!good) faults[name] = whole ? "Write a whole number above 0." : "Write a number above 0.";
    return good ? value : undefined;
  };
  const tokens = read("tokens", true);
  const dollars = read("dollars", false);
  const minutes = read("minutes", false);
  if (tokens !== undefined) grant.tokens = tokens;
  if (dollars !== undefined) {
    const micros = Math.round(dollars * 1e6);
    if (micros > 0) grant.cost_micros = micros;
    else faults.dollars = "Write at least 0.000001.";
  }
  if (minutes !== undefined) grant.seconds = minutes * 60;
  return { grant, faults };
}
