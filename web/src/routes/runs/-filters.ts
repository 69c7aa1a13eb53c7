import type { Schemas } from "@/api/client";
import type { RunState } from "@/events/types";

/** What the list shows, as the address has it. */
export interface RunFilters {
  state?: RunState;
  agent?: string;
  session?: string;
  fork_of?: string;
  since?: string;
  owner?: string;
  query?: string;
}

export type RunRow = Schemas["RunRow"];

export const STATES: readonly RunState[] = [
  "running",
  "waiting",
  "paused",
  "completed",
  "failed",
  "aborted",
];

const TEXTS = ["agent", "session", "fork_of", "since", "owner", "query"] as const;

/** Filters from the address; what is not one is left out. */
export function readFilters(search: Record<string, unknown>): RunFilters {
  const filters: RunFilters = {};
  const state = STATES.find((each) => each === search["state"]);
  if (state) filters.state = state;
  for (const name of TEXTS) {
    const value = search[name];
    if (typeof value === "string" && value) filters[name] = value;
    else if (typeof value === "number") filters[name] = String(value);
  }
  return filters;
}

/** The topic of the live list: the same filters in the order of the API. */
export function topicOf(filters: RunFilters): string {
  const query = new URLSearchParams();
  if (filters.state) query.set("state", filters.state);
  for (const name of TEXTS) {
    const value = filters[name];
    if (value) query.set(name, value);
  }
  return `runs?${query}`;
}
