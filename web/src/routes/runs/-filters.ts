import type { Schemas } from "@/api/client";
import type { RunState } from "@/events/types";

/** Which runs the list shows, as the address has it. */
export interface RunFilters {
  state?: RunState;
  agent?: string;
  session?: string;
  fork_of?: string;
  /** A time, or how long ago: `30m`, `24h`, `7d`. */
  since?: string;
  owner?: string;
  query?: string;
  /** The sealed runs instead, also those that Temporal has forgotten. */
  archived?: true;
}

/** All of the list that the address has. */
export interface RunsSearch extends RunFilters {
  /** The run that is peeked at. */
  peek?: string;
  /** The dialog to start a run is open, for this agent if it names one. */
  start?: string;
  /** The template that the dialog begins with. */
  template?: string;
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
/** What the archive can be filtered by. */
const OF_ARCHIVE: readonly string[] = ["state", "agent", "session", "archived"];

export type FilterName = "state" | (typeof TEXTS)[number];

/** Filters from the address; what is not one is left out. */
export function readFilters(search: Record<string, unknown>): RunsSearch {
  const filters: RunsSearch = {};
  const state = STATES.find((each) => each === search["state"]);
  if (state) filters.state = state;
  for (const name of TEXTS) {
    const value = search[name];
    if (typeof value === "string" && value) filters[name] = value;
    else if (typeof value === "number") filters[name] = String(value);
  }
  if (search["archived"] === true) filters.archived = true;
  if (search["peek"] !== undefined && search["peek"] !== "") filters.peek = String(search["peek"]);
  if (search["start"] !== undefined) filters.start = String(search["start"]);
  if (typeof search["template"] === "string") filters.template = search["template"];
  return filters;
}

/** Changes the search of whichever route is shown to one of the list. */
export function changeSearch(
  change: (search: RunsSearch) => RunsSearch,
): (now: object) => RunsSearch {
  return (now) => change(readFilters({ ...now }));
}

/** The filters alone. */
export function filtersOf({
  peek: _,
  start: __,
  template: ___,
  ...filters
}: RunsSearch): RunFilters {
  return filters;
}

/** The filters that count: the archive has fewer. */
export function effectiveFilters(filters: RunFilters): RunFilters {
  if (!filters.archived) return filters;
  return Object.fromEntries(Object.entries(filters).filter(([name]) => OF_ARCHIVE.includes(name)));
}

export function isFiltered({ archived: _, ...filters }: RunFilters): boolean {
  return Object.keys(filters).length > 0;
}

const SECONDS: Record<string, number> = { m: 60, h: 3600, d: 86_400 };

/** A time for the API. Ages are rounded to whole minutes, so that readers of the same age at the
 * same time share one query. */
export function absoluteSince(since: string, now: number): string {
  const age = /^(\d{1,5})([mhd])$/.exec(since);
  if (!age) return since;
  const seconds = Number(age[1]) * (SECONDS[age[2] ?? ""] ?? 0);
  return new Date(Math.floor((now - seconds) / 60) * 60_000).toISOString();
}

export type RunQuery = Omit<RunFilters, "archived">;

/** What the API is asked, with absolute times. */
export function queryOf({ archived: _, ...filters }: RunFilters, now: number): RunQuery {
  return filters.since ? { ...filters, since: absoluteSince(filters.since, now) } : filters;
}

/** The topic of a live page: the same parameters in the order of the API. */
export function topicOf(query: RunQuery, page: { limit?: number; cursor?: string } = {}): string {
  const text = new URLSearchParams();
  if (query.state) text.set("state", query.state);
  for (const name of TEXTS) {
    const value = query[name];
    if (value) text.set(name, value);
  }
  if (page.limit) text.set("limit", String(page.limit));
  if (page.cursor) text.set("cursor", page.cursor);
  return `runs?${text}`;
}

export const AGES: readonly { since: string; title: string }[] = [
  { since: "15m", title: "last 15 minutes" },
  { since: "1h", title: "last hour" },
  { since: "24h", title: "last 24 hours" },
  { since: "7d", title: "last 7 days" },
  { since: "30d", title: "last 30 days" },
];

export interface Chip {
  name: FilterName;
  text: string;
}

const LABELS: Record<FilterName, string> = {
  state: "State",
  agent: "Agent",
  session: "Session",
  fork_of: "Fork of",
  since: "Started",
  owner: "Owner",
  query: "Query",
};

/** The filters as a person reads them. */
export function chipsOf(filters: RunFilters): Chip[] {
  const names: FilterName[] = ["state", ...TEXTS];
  return names.flatMap((name) => {
    const value = filters[name];
    if (!value) return [];
    const shown = name === "since" ? describeSince(value) : value;
    return [{ name, text: `${LABELS[name]}: ${shown}` }];
  });
}

function describeSince(since: string): string {
  const known = AGES.find((each) => each.since === since);
  if (known) return known.title;
  const age = /^(\d+)([mhd])$/.exec(since);
  return age ? `last ${age[1]} ${age[2]}` : `since ${since}`;
}

/** Filters without one of them. */
export function without(filters: RunsSearch, name: FilterName): RunsSearch {
  const { [name]: _, ...rest } = filters;
  return rest;
}
