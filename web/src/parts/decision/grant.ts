/** The amounts that a person grants to a run whose budget is used up. */
import { type GroupField, readFields } from "./fields";
import { type JsonObject, memberOf } from "./json_value";

/** Dollars, since nobody counts in millionths. */
export const GRANT_FIELDS: GroupField | null = readFields({
  type: "object",
  properties: {
    turns: { type: "integer", minimum: 1, default: 10, description: "Model calls." },
    tokens: {
      type: "integer",
      minimum: 1,
      default: 100_000,
      description: "Tokens of all calls together, input and output.",
    },
    dollars: { type: "number", minimum: 0.000001, default: 1, description: "Cost in US dollars." },
    seconds: { type: "number", minimum: 1, default: 600, description: "Time." },
  },
});

export interface Limits {
  turns?: number | null;
  tokens?: number | null;
  cost_micros?: number | null;
  seconds?: number | null;
}

/** What the form starts with: as much again as the run started with. */
export function firstGrant(budget: Limits | undefined): JsonObject {
  const found: [string, number | null | undefined][] = [
    ["turns", budget?.turns],
    ["tokens", budget?.tokens],
    ["dollars", budget?.cost_micros == null ? null : budget.cost_micros / 1e6],
    ["seconds", budget?.seconds],
  ];
  const given = found.filter((each): each is [string, number] => typeof each[1] === "number");
  return Object.fromEntries(given);
}

/** The amounts as the run takes them; null if there are none. */
export function grantOf(form: JsonObject): Record<string, number> | null {
  const granted: Record<string, number> = {};
  for (const name of ["turns", "tokens", "seconds"]) {
    const amount = memberOf(form, name);
    if (typeof amount === "number") granted[name] = amount;
  }
  const dollars = memberOf(form, "dollars");
  if (typeof dollars === "number") granted["cost_micros"] = Math.round(dollars * 1e6);
  return Object.keys(granted).length === 0 ? null : granted;
}
